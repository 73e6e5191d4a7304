"""Rules of what a row has when predictions are asked for: when columns are known, and what stands in for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ymltrain.compiler.graph import Column, PluginGraph
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.rule import found_at
from ymltrain.diagnostics import DataError, Diagnostic
from ymltrain.kinds.typed_columns import read_column
from ymltrain.plan.availability import LATER, known_from
from ymltrain.plan.shapes import Reading


def features_are_known_in_time(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """A feature that is known later only has something to stand in for it; a time of knowing has a time of the event beside it."""
    has_event_time = graph.root.at(("event_time",)) is not None
    for column in graph.columns:
        path = (*column.path, "available_at")
        if column.available_at == LATER and column.serving_default is None:
            message = f'the feature "{column.name}" is not known when predictions are asked for'
            hint = "leave it out (`type: ignore`), or say what stands in for it: serving_default: VALUE"
            yield found_at(graph, "YT650", message, hint, path)
        elif known_from(column.available_at) is not None and not has_event_time:
            message = f'"{column.name}" is known at a time, and the recipe names no time of the event to compare it with'
            yield found_at(graph, "YT651", message, "write `event_time: COLUMN`", path)


def serving_defaults_fit(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """What stands in for a missing value is one of the column's type."""
    for column in graph.columns:
        if column.serving_default is not None and (problem := _misfit(column)):
            path = (*column.path, "serving_default")
            yield found_at(graph, "YT652", f"the serving default of {column.name} {problem}", "", path)


def _misfit(column: Column) -> str | None:
    default: Any = column.serving_default
    if column.type == "vector":
        return "cannot be given: a vector has none"
    if column.type == "number":
        return None if isinstance(default, int | float) and not isinstance(default, bool) else f"is no number: {default!r}"
    if column.type in ("category", "text"):
        return None
    import polars as pl

    reading = Reading(type=column.type, time_zone=column.time_zone, format=column.format)
    try:
        read = read_column(pl.Series("values", [default]), column.name, reading)
    except DataError:
        read = None
    return None if read is not None and read.null_count() == 0 else f"cannot be read as a {column.type}: {default!r}"
