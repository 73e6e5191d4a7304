"""Pass 9: look at the header and a sample of the data; settle what the recipe leaves to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from ymltrain.compiler.credentials import find_credentials
from ymltrain.compiler.graph import Column, DataLook, LinkedNode, PluginGraph, Target
from ymltrain.compiler.link import link_auto_column, link_default
from ymltrain.compiler.request import Request
from ymltrain.diagnostics import DataError, Diagnostic, KeyPath, Severity, Span, UsageError, did_you_mean
from ymltrain.kinds.column_types import infer_column_type, infer_column_types
from ymltrain.kinds.params import absolute_paths
from ymltrain.kinds.typed_columns import read_column
from ymltrain.plan.availability import AVAILABLE_AT, known_from
from ymltrain.plan.plan import Edge
from ymltrain.plan.secrets import resolve_secrets
from ymltrain.plan.shapes import ColumnType, Reading, Task
from ymltrain.recipe.document import plain

if TYPE_CHECKING:
    import polars as pl

SAMPLE_ROWS = 10_000
DEFAULT_METRICS: dict[Task, tuple[str, ...]] = {
    "regression": ("rmse", "mae", "r2"),
    "classification": ("accuracy", "f1"),
    "binary": ("auc", "average_precision", "accuracy", "f1", "log_loss"),
    "multilabel": ("f1", "average_precision", "log_loss"),
    "ordinal": ("accuracy", "rank_error", "kappa"),
    "next_token": ("bits_per_byte", "perplexity"),
}
TASKS: dict[ColumnType, Task] = {
    "number": "regression",
    "category": "classification",
    "boolean": "binary",
    "text": "next_token",
}
"""What is predicted of a target of each type."""

DEFAULT_LOSS: dict[Task, str] = {
    "regression": "mse",
    "classification": "cross_entropy",
    "binary": "binary_cross_entropy",
    "multilabel": "binary_cross_entropy",
    "ordinal": "ordinal_cross_entropy",
    "next_token": "cross_entropy",
}


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
    if task_of(graph.target) == "next_token" and graph.skew is not None:
        graph = replace(graph, skew=msgspec.structs.replace(graph.skew, profile=False))  # that of a table; a rule says so
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
    return DataLook(infer_column_types(table), table, sample.total_rows, sample.is_exact)


def _settled_target(target: Target | None, look: DataLook | None) -> Target | None:
    """The target with the type that follows from its task, else from the data; and the task from the type."""
    if target is None:
        return None
    found = look.columns.get(target.columns[0]) if look is not None else None
    is_yes_or_no = found == "boolean"
    if look is not None and is_yes_or_no and look.sample.get_column(target.columns[0]).dtype != _boolean():
        found = "category"  # words for yes and no stay the words that are predicted
    column_type, task = target.type, target.task
    if column_type is None and task == "regression":
        column_type = "number"
    elif column_type is None and task == "next_token":
        column_type = "text"
    elif column_type is None and task == "multilabel":
        column_type = "boolean"
    elif column_type is None and task is not None:
        column_type = "boolean" if found == "boolean" and task == "binary" else "category"
    elif column_type is None:
        column_type = "category" if found == "text" else found
        task = "binary" if is_yes_or_no else None
    return replace(target, type=column_type, task=task or _task_of_type(column_type))


def _boolean() -> type[pl.DataType]:
    import polars as pl

    return pl.Boolean


def _task_of_type(column_type: ColumnType | None) -> Task | None:
    return TASKS.get(column_type) if column_type is not None else None


def _with_auto_columns(graph: PluginGraph, look: DataLook, request: Request) -> PluginGraph:
    """Add the columns that the recipe leaves to `auto`: all but those with another part to play; none beside texts."""
    if task_of(graph.target) == "next_token":
        return graph
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
        added.append(link_auto_column(name, column_type, graph.root, request))
    columns = (*graph.columns, *added)
    nodes = {**graph.nodes, **{column.encoder.id: column.encoder for column in added if column.encoder is not None}}
    return replace(graph, columns=columns, nodes=nodes)


def _other_columns(graph: PluginGraph) -> set[str]:
    names = set(graph.target.columns) if graph.target is not None else set()
    for section in ("keys", "event_time", "weight"):
        node = graph.root.at((section,))
        values: Any = plain(node) if node is not None else []
        names.update(name for name in (values if isinstance(values, list) else [values]) if isinstance(name, str))
    return names


def _named_columns(graph: PluginGraph) -> list[tuple[str, KeyPath, Span | None]]:
    """Every column that the recipe names, and where."""
    named: list[tuple[str, KeyPath, Span | None]] = [(column.name, column.path, column.span) for column in graph.columns]
    features = graph.root.at(("features",))
    known_columns = {column.name for column in graph.columns}
    named += [
        (name, ("features", name), node.place)
        for name, node in (features.mapping if features is not None else {}).items()
        if name not in known_columns
    ]
    if graph.target is not None:
        key = "columns" if graph.root.at(("target", "columns")) is not None else "column"
        named += [(name, ("target", key), graph.target.span) for name in graph.target.columns]
    keys = graph.root.at(("keys",))
    if keys is not None and isinstance(keys.value, tuple):
        named += [(str(key.value), ("keys", index), key.span) for index, key in enumerate(keys.value)]
    for section in ("event_time", "weight"):
        node = graph.root.at((section,))
        if node is not None and isinstance(node.value, str):
            named.append((node.value, (section,), node.span))
    for column in graph.columns:
        if (known := known_from(column.available_at)) is not None:
            path = (*column.path, "available_at")
            named.append((known, path, graph.root.nearest(path).span))
    return named


def _check_columns(graph: PluginGraph, look: DataLook, request: Request) -> None:
    """Every column that the recipe names is there, and can be read as what the recipe says."""
    for name, path, span in _named_columns(graph):
        if name not in look.columns and not request.diagnostics.is_full:
            words = AVAILABLE_AT if path[-1] == "available_at" else ()
            message = f'the data have no column "{name}"'
            request.diagnostics.add(
                Diagnostic(
                    "YT711",
                    message,
                    did_you_mean(name, [*look.columns, *words]),
                    span,
                    path,
                )
            )
    for column in graph.columns:
        if column.name in look.columns:
            _check_reading(column, look, request)
    weight = graph.root.at(("weight",))
    if weight is not None and look.columns.get(str(weight.value), "number") != "number":
        message = f'the weight "{weight.value}" does not hold numbers'
        request.diagnostics.add(Diagnostic("YT712", message, "a weight is a number, 0 or more", weight.span, ("weight",)))


def _check_reading(column: Column, look: DataLook, request: Request) -> None:
    """The sample's values can be read as what the recipe says."""
    import polars as pl

    values = look.sample.get_column(column.name).alias("values")
    if column.type == "number":
        if not (values.dtype.is_numeric() or values.dtype == pl.Null) and not _holds_numbers(values):
            message = f'the column "{column.name}" holds text, not numbers'
            hint = f"features: {{{column.name}: {infer_column_type(values) or 'ignore'}}} reads it as what it seems to be"
            request.diagnostics.add(Diagnostic("YT712", message, hint, column.span, column.path))
        return
    reading = Reading(type=column.type, time_zone=column.time_zone, format=column.format)
    try:
        read = read_column(values, column.name, reading)
    except DataError as error:
        request.diagnostics.add(Diagnostic(error.code, error.message, error.hint, column.span, column.path))
        return
    if read is None:
        message = f'the column "{column.name}" holds {values.dtype}, which cannot be read as a {column.type}'
        request.diagnostics.add(Diagnostic("YT712", message, "give it another type, or ignore it", column.span, column.path))


def _holds_numbers(values: pl.Series) -> bool:
    """Whether text in the sample reads as numbers throughout (a column that only looks like codes)."""
    import polars as pl

    if values.dtype not in (pl.String, pl.Categorical):
        return False
    column = values.cast(pl.String).drop_nulls()
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


def task_of(target: Target | None) -> Task | None:
    """The target's task, as far as it is known."""
    return target.task if target is not None else None


def _edges(graph: PluginGraph) -> tuple[Edge, ...]:
    """What each node gives the others."""
    edges: list[Edge] = []

    def draw(source: str, carries: str, target: LinkedNode | None) -> None:
        if source in graph.nodes and target is not None:
            edges.append(Edge(source=source, target=target.id, carries=carries))

    draw("datasource", "rows", graph.nodes.get("split"))
    if task_of(graph.target) == "next_token":
        draw("split", "windows of tokens", graph.nodes.get("model"))
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
