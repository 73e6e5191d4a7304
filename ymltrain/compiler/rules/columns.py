"""Rules about the columns that go in: features apart from the target, encoders that take their columns."""

from __future__ import annotations

from collections.abc import Iterator

from ymltrain.compiler.graph import PluginGraph
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.rule import found_at, listed
from ymltrain.diagnostics import Diagnostic, did_you_mean


def inputs_and_target_are_apart(graph: PluginGraph, request: Request) -> Iterator[Diagnostic]:
    """There are features, and the target and the weight are none of them."""
    if graph.target is None or graph.target.task == "next_token":
        return
    for column in graph.columns:
        if column.name in graph.target.columns:
            hint = "a model must not see what it predicts: drop it from the features"
            yield found_at(graph, "YT601", f'the target "{column.name}" is also a feature', hint, column.path)
    is_complete = not request.diagnostics.has_error_within(("features",))
    if not graph.columns and is_complete and (graph.look is not None or graph.root.at(("features",)) is not None):
        yield found_at(graph, "YT602", "no column is left as a feature", "list at least one under `features`", ("features",))


def encoders_fit_their_columns(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """An encoder takes columns of its own types."""
    for column in graph.columns:
        if column.encoder is not None and column.type not in column.encoder.plugin.implementation.column_types:
            takes = listed(column.encoder.plugin.implementation.column_types)
            message = f'the encoder "{column.encoder.type}" takes {takes}, and the column is a {column.type}'
            yield found_at(graph, "YT608", message, "leave the encoder out to get the column type's own", (*column.path, "encoder"))


def skew_rules_name_features(graph: PluginGraph, request: Request) -> Iterator[Diagnostic]:
    """What `skew.features` says something of is a feature."""
    if graph.skew is None or graph.look is None or request.diagnostics.has_error_within(("features",)):
        return
    known = [column.name for column in graph.columns]
    for name in graph.skew.features:
        if name not in known:
            yield found_at(graph, "YT634", f'no feature is called "{name}"', did_you_mean(name, known), ("skew", "features", name))
