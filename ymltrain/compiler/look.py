"""Pass 9: look at the header and a sample of the data; settle what the recipe leaves to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from ymltrain.compiler.credentials import find_credentials
from ymltrain.compiler.graph import Column, DataLook, LinkedNode, PluginGraph, Target
from ymltrain.compiler.link import link_auto_column, link_default
from ymltrain.compiler.request import Request
from ymltrain.diagnostics import DataError, Diagnostic, KeyPath, Severity, Span, UsageError, did_you_mean
from ymltrain.kinds.column_types import infer_column_types
from ymltrain.kinds.params import absolute_paths
from ymltrain.plan.plan import Edge
from ymltrain.plan.secrets import resolve_secrets
from ymltrain.recipe.document import plain

SAMPLE_ROWS = 10_000
DEFAULT_METRICS = {"regression": ("rmse", "mae", "r2"), "classification": ("accuracy", "f1")}
DEFAULT_LOSS = {"regression": "mse", "classification": "cross_entropy"}


def look_at_data(graph: PluginGraph, request: Request) -> PluginGraph:
    """The graph with columns, target type, task and the defaults that follow from them; edges drawn."""
    for found in find_credentials(graph.root):
        request.diagnostics.add(found)
    look = (request.look or _look(graph, request)) if request.reads_data else None
    graph = replace(graph, look=look, target=_settled_target(graph.target, look))
    if look is not None:
        graph = _with_auto_columns(graph, look, request)
        _check_columns(graph, look, request)
    graph = _with_task_defaults(graph, request)
    return replace(graph, edges=_edges(graph))


def _look(graph: PluginGraph, request: Request) -> DataLook | None:
    node = graph.nodes.get("datasource")
    if node is None or request.diagnostics.has_error_within(("datasource",)):
        return None
    try:
        return _read_sample(node, request)
    except (DataError, UsageError) as error:  # a UsageError names a secret that is not set
        written = graph.root.at(("datasource", "path")) or graph.root.at(("datasource",)) or graph.root
        request.diagnostics.add(Diagnostic(error.code, error.message, error.hint, written.span, ("datasource",)))
        return None


def _read_sample(node: LinkedNode, request: Request) -> DataLook:
    import polars as pl

    params = msgspec.convert(resolve_secrets(msgspec.to_builtins(node.params), request.environment), type(node.params))
    sample = node.plugin.implementation(absolute_paths(params, request.workspace)).sample(SAMPLE_ROWS)
    if sample.total_rows == 0:
        raise DataError("YT720", "the table has no rows", "check that this is the right file, and that it was written to its end")
    table = pl.DataFrame(sample.table)
    return DataLook(infer_column_types(table.schema), table, sample.total_rows, sample.is_exact)


def _settled_target(target: Target | None, look: DataLook | None) -> Target | None:
    if target is None or target.type is not None:
        return target
    if target.task is not None:
        return replace(target, type="number" if target.task == "regression" else "category")
    return replace(target, type=look.columns.get(target.column)) if look is not None else target


def _with_auto_columns(graph: PluginGraph, look: DataLook, request: Request) -> PluginGraph:
    """Add the columns that the recipe leaves to `auto`: all but those with another part to play."""
    features = graph.root.at(("features",))
    unlisted = graph.root.at(("unlisted_columns",))
    listed = features.mapping if features is not None else {}
    if listed and (unlisted is None or unlisted.value != "auto"):
        return graph
    taken = {*listed, *_other_columns(graph)}
    added: list[Column] = []
    for name, column_type in look.columns.items():
        if name in taken:
            continue
        if column_type is None:
            message = f'the column "{name}" is of a type that this version cannot take as a feature; it is left out'
            hint = f"say so in the recipe: features: {{{name}: ignore}}"
            place = features.span if features is not None else None
            request.diagnostics.add(Diagnostic("YT710", message, hint, place, ("features", name), Severity.WARNING))
            continue
        added.append(link_auto_column(name, column_type, request))
    columns = (*graph.columns, *added)
    nodes = {**graph.nodes, **{column.encoder.id: column.encoder for column in added if column.encoder is not None}}
    return replace(graph, columns=columns, nodes=nodes)


def _other_columns(graph: PluginGraph) -> set[str]:
    names = {graph.target.column} if graph.target is not None else set()
    for section in ("keys", "event_time", "weight"):
        node = graph.root.at((section,))
        values: Any = plain(node) if node is not None else []
        names.update(name for name in (values if isinstance(values, list) else [values]) if isinstance(name, str))
    return names


def _check_columns(graph: PluginGraph, look: DataLook, request: Request) -> None:
    """Every column that the recipe names is there, and can be read as what the recipe says."""
    named: list[tuple[str, KeyPath, Span | None]] = [(column.name, column.path, column.span) for column in graph.columns]
    features = graph.root.at(("features",))
    known_columns = {column.name for column in graph.columns}
    named += [
        (name, ("features", name), node.place)
        for name, node in (features.mapping if features is not None else {}).items()
        if name not in known_columns
    ]
    if graph.target is not None:
        named.append((graph.target.column, ("target", "column"), graph.target.span))
    keys = graph.root.at(("keys",))
    if keys is not None and isinstance(keys.value, tuple):
        named += [(str(key.value), ("keys", index), key.span) for index, key in enumerate(keys.value)]
    for name, path, span in named:
        if name not in look.columns and not request.diagnostics.is_full:
            message = f'the data have no column "{name}"'
            request.diagnostics.add(Diagnostic("YT711", message, did_you_mean(name, look.columns), span, path))
    for column in graph.columns:
        if column.type == "number" and look.columns.get(column.name) == "category" and not _holds_numbers(look, column.name):
            message = f'the column "{column.name}" holds text, not numbers'
            hint = f"features: {{{column.name}: category}} reads it as a category"
            request.diagnostics.add(Diagnostic("YT712", message, hint, column.span, column.path))


def _holds_numbers(look: DataLook, name: str) -> bool:
    """Whether text in the sample reads as numbers throughout (a column that only looks like codes)."""
    import polars as pl

    column = pl.DataFrame(look.sample)[name].cast(pl.String).drop_nulls()
    return bool(column.cast(pl.Float64, strict=False).is_not_null().all())


def _with_task_defaults(graph: PluginGraph, request: Request) -> PluginGraph:
    """Add the loss and the metrics that follow from the task, where the recipe chooses none."""
    task = task_of(graph.target)
    if task is None:
        return graph
    nodes = dict(graph.nodes)
    if graph.root.at(("loss",)) is None:
        loss = link_default("loss", DEFAULT_LOSS[task], ("loss",), request)
        nodes[loss.id] = loss
    if graph.root.at(("metrics",)) is None:
        for index, name in enumerate(DEFAULT_METRICS[task]):
            metric = link_default("metric", name, ("metrics", index), request)
            nodes[metric.id] = metric
    return replace(graph, nodes=nodes)


def task_of(target: Target | None) -> str | None:
    """The task: as written, else numbers are regressed and categories classified."""
    if target is None or (target.task is None and target.type is None):
        return None
    return target.task or ("regression" if target.type == "number" else "classification")


def _edges(graph: PluginGraph) -> tuple[Edge, ...]:
    """What each node gives the others."""
    edges: list[Edge] = []

    def draw(source: str, carries: str, target: LinkedNode | None) -> None:
        if source in graph.nodes and target is not None:
            edges.append(Edge(source=source, target=target.id, carries=carries))

    draw("datasource", "rows", graph.nodes.get("split"))
    for encoder in graph.of_kind("encoder"):
        draw("split", "train rows", encoder)
        draw(encoder.id, "encoded feature", graph.nodes.get("model"))
    draw("strategy", "placement", graph.nodes.get("model"))
    draw("model", "output", graph.nodes.get("loss"))
    draw("loss", "gradients", graph.nodes.get("optimizer"))
    draw("lr_scheduler", "learning rate", graph.nodes.get("optimizer"))
    for metric in graph.of_kind("metric"):
        draw("model", "predictions", metric)
        for tracker in graph.of_kind("tracker"):
            draw(metric.id, "values", tracker)
    draw("model", "bundle", graph.nodes.get("registry"))
    return tuple(edges)
