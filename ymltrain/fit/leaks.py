"""Leakage that a sample of the data shows, told at the places of the recipe before anything is trained.

YT653 a value known after the event, and YT654 a copy of the target, are errors. Warnings: YT655 a column that follows from the
target or gives it, YT656 one that all but tells it, YT657 an identifier, YT658 an order, YT659 a group over several splits,
YT648 a time after the event. A feature that the recipe calls `available_at: prediction` is taken at its word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from ymltrain.compiler.graph import Column, PluginGraph
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.splits import roles_of
from ymltrain.data.leakage import CODES, Suspicion, find_suspicions
from ymltrain.data.leakage_rows import ROW_CODES, count_later, find_groups, find_later, find_order
from ymltrain.data.reading import column_values
from ymltrain.diagnostics import DataError, Diagnostic, KeyPath, RecipeError, Severity
from ymltrain.kinds.typed_columns import read_column
from ymltrain.plan.availability import AT_PREDICTION, LATER, known_from
from ymltrain.plan.shapes import Reading

ALL_CODES = CODES | ROW_CODES
KNOWN = "leave it out (`type: ignore`); if it is known when predictions are asked for, say `available_at: prediction`"
IGNORES_ORDER = ("hash", "random", "stratified")
"""Splits that tear apart what stands together."""


def check_leaks(graph: PluginGraph, request: Request) -> None:
    """Add what is found to the request's diagnostics. Raises RecipeError where an error is among it."""
    for found in find_leaks(graph):
        request.diagnostics.add(found)
    if request.diagnostics.has_errors:
        raise RecipeError(list(request.diagnostics))


def find_leaks(graph: PluginGraph) -> Iterator[Diagnostic]:
    """What the graph's look at the data shows, column by column."""
    if graph.look is None or graph.target is None:
        return
    seen = _Seen(graph, _typed(pl.DataFrame(graph.look.sample), graph.columns))
    yield from seen.columns()
    yield from seen.rows()
    yield from seen.times()


def _typed(sample: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """The sample with features as their types, as far as they can be read."""
    read: dict[str, pl.Series] = {}
    for column in columns:
        found = column_values(sample, column.name)
        if column.type == "number" and found.dtype == pl.String:
            read[column.name] = found.cast(pl.Float64, strict=False)
        elif column.type == "timestamp" and not found.dtype.is_temporal():
            reading = Reading(type="timestamp", time_zone=column.time_zone, format=column.format)
            moments = read_column(found, column.name, reading)
            if moments is not None:
                read[column.name] = moments
    return pl.DataFrame({column.name: read.get(column.name, column) for column in sample.iter_columns()})


@dataclass(frozen=True)
class _Seen:
    """A graph and its typed sample."""

    graph: PluginGraph
    sample: pl.DataFrame

    @property
    def targets(self) -> tuple[str, ...]:
        assert self.graph.target is not None
        return self.graph.target.columns

    def columns(self) -> Iterator[Diagnostic]:
        """Features that tell the target, or name rows."""
        features = [column.name for column in self.graph.columns if column.type not in ("text", "vector")]
        vouched = {column.name for column in self.graph.columns if column.available_at in (AT_PREDICTION, LATER)}
        for suspicion in find_suspicions(self.sample, self.targets, features):
            if suspicion.kind == "identifier":
                yield self._finding(suspicion, "leave it out (`type: ignore`); `keys:` names it for splits and skew")
            elif suspicion.kind != "constant" and suspicion.column not in vouched:
                yield self._finding(suspicion, KNOWN)

    def rows(self) -> Iterator[Diagnostic]:
        """What a split that ignores order and groups tears apart."""
        split = self.graph.nodes.get("split")
        roles = roles_of(self.graph)
        if split is None or split.type not in IGNORES_ORDER:
            return
        for suspicion in find_order(self.sample, self.targets, [column.name for column in self.graph.columns]):
            yield self._finding(suspicion, "leave it out, or train on the past: `event_time: COLUMN` (a split by time)")
        if split.type == "hash" and roles.keys:
            return
        taken = {*self.targets, *roles.keys, roles.event_time}
        for suspicion in find_groups(self.sample, [name for name in self.sample.columns if name not in taken]):
            yield self._finding(suspicion, f"`split: {{type: group, by: {suspicion.column}}}` keeps them together")

    def times(self) -> Iterator[Diagnostic]:
        """Values that are known only after the event."""
        event_time = roles_of(self.graph).event_time
        if event_time is None:
            return
        for column in self.graph.columns:
            known = known_from(column.available_at)
            if known is None:
                continue
            path: KeyPath = (*column.path, "available_at")
            try:
                count, first = count_later(self.sample.get_column(event_time), self.sample.get_column(known))
            except DataError as error:
                yield Diagnostic(error.code, error.message, error.hint, self.graph.root.nearest(path).span, path)
                continue
            if count:
                message = f'"{column.name}" is known only after the event ("{known}" lies after "{event_time}")'
                hint = "join the value that was known at the time of the event, or leave the column out"
                found = self._diagnostic("YT653", f"{message}{self._share(count, first)}", hint, column.name, Severity.ERROR)
                yield replace(found, span=self.graph.root.nearest(path).span, key_path=path)
        times = [c.name for c in self.graph.columns if c.type == "timestamp" and c.available_at is None and c.name != event_time]
        for name, count, first in find_later(self.sample, event_time, times):
            message = f'"{name}" lies after the event ("{event_time}"){self._share(count, first)}'
            yield self._diagnostic("YT648", message, KNOWN, name, Severity.WARNING)

    def _share(self, count: int, first: int) -> str:
        return f" in {count:,} of the {self.sample.height:,} rows looked at, first in row {first + 1:,}"

    def _finding(self, suspicion: Suspicion, hint: str) -> Diagnostic:
        severity = Severity.ERROR if suspicion.kind == "copy" else Severity.WARNING
        return self._diagnostic(ALL_CODES[suspicion.kind], suspicion.words, hint, suspicion.column, severity)

    def _diagnostic(self, code: str, message: str, hint: str, column: str, severity: Severity) -> Diagnostic:
        """At the column's entry; where `auto` found it at `features`, else at the target."""
        path: KeyPath = ("features", column)
        written = self.graph.root.at(path) or self.graph.root.at(("features",))
        target = self.graph.target
        span = written.place if written is not None else target.span if target is not None else None
        return Diagnostic(code, message, hint, span, path, severity)
