"""Rules about the split: the columns that it goes by, and those it should."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ymltrain.compiler.graph import PluginGraph
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.rule import found_at
from ymltrain.diagnostics import DataError, Diagnostic, Severity
from ymltrain.kinds.contracts import ColumnRoles
from ymltrain.recipe.document import plain


def splits_have_their_columns(graph: PluginGraph, request: Request) -> Iterator[Diagnostic]:
    """The columns that a split goes by are named, and are there."""
    split, target, look = graph.nodes.get("split"), graph.target, graph.look
    if split is None or target is None or look is None:
        return
    try:
        split.plugin.implementation(split.params).columns(roles_of(graph), list(look.columns))
    except DataError as error:
        if not request.diagnostics.has_error_within(("keys",)) and not request.diagnostics.has_error_within(("event_time",)):
            yield found_at(graph, error.code, error.message, error.hint, ("split",))


def keys_and_times_are_used(graph: PluginGraph, request: Request) -> Iterator[Diagnostic]:
    """Keys, and the time of the event, serve a split that goes by them."""
    split = graph.nodes.get("split")
    if split is None or graph.look is None or request.diagnostics.has_error_within(("split",)):
        return
    roles = roles_of(graph)
    try:
        used = split.plugin.implementation(split.params).columns(roles, list(graph.look.columns))
    except DataError:
        return
    parts = {"keys": (roles.keys, "hash"), "event_time": ((roles.event_time,) if roles.event_time else (), "time")}
    for section, (names, fitting) in parts.items():
        if names and not set(names) & set(used):
            message = f'the split "{split.type}" does not use {"the keys" if section == "keys" else "the time of the event"}'
            yield replace(
                found_at(graph, "YT618", message, f"`split: {fitting}` goes by it", (section,)), severity=Severity.WARNING
            )


def roles_of(graph: PluginGraph) -> ColumnRoles:
    """The columns that the recipe gives a part to play."""
    keys, time = graph.root.at(("keys",)), graph.root.at(("event_time",))
    return ColumnRoles(
        keys=tuple(str(name) for name in plain(keys)) if keys is not None and isinstance(keys.value, tuple) else (),
        target=graph.target.columns if graph.target is not None else (),
        event_time=str(time.value) if time is not None else None,
    )


def fractions(graph: PluginGraph) -> dict[str, float]:
    """The split's shares of the rows; empty when there is no split."""
    split = graph.nodes.get("split")
    if split is None:
        return {}
    return dict(zip(("train", "val", "test"), split.plugin.implementation(split.params).fractions, strict=True))
