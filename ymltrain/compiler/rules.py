"""Pass 11: rules across nodes. Each rule is a function of the graph that yields what it finds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from ymltrain.compiler.devices import accelerators, count_cuda_devices
from ymltrain.compiler.graph import DataLook, LinkedNode, PluginGraph
from ymltrain.compiler.look import task_of
from ymltrain.compiler.request import Request
from ymltrain.compiler.topology import derive_topology
from ymltrain.diagnostics import DataError, Diagnostic, KeyPath, Severity, did_you_mean
from ymltrain.kinds.contracts import ColumnRoles
from ymltrain.kinds.typed_columns import read_column
from ymltrain.plan.gate_problems import gate_problems
from ymltrain.plan.shapes import ColumnType, Reading, Task
from ymltrain.plan.topology import Topology
from ymltrain.recipe.document import plain
from ymltrain.recipe.key_path import format_key_path
from ymltrain.storage import alias_problem, model_name_problem

Rule: TypeAlias = Callable[[PluginGraph, Request], Iterator[Diagnostic]]


def check_graph(graph: PluginGraph, request: Request) -> PluginGraph:
    """Report what every rule finds; the graph itself passes unchanged."""
    for rule in RULES:
        for found in rule(graph, request):
            request.diagnostics.add(found)
    return graph


def listed(names: Sequence[str]) -> str:
    """Names as a person lists them: a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _at(graph: PluginGraph, code: str, message: str, hint: str, path: KeyPath) -> Diagnostic:
    return Diagnostic(code, message, hint, graph.root.nearest(path).span, path)


def inputs_and_target_are_apart(graph: PluginGraph, request: Request) -> Iterator[Diagnostic]:
    """There are features, and the target and the weight are none of them."""
    if graph.target is None:
        return
    for column in graph.columns:
        if column.name in graph.target.columns:
            hint = "a model must not see what it predicts: drop it from the features"
            yield _at(graph, "YT601", f'the target "{column.name}" is also a feature', hint, column.path)
    is_complete = not request.diagnostics.has_error_within(("features",))
    if not graph.columns and is_complete and (graph.look is not None or graph.root.at(("features",)) is not None):
        yield _at(graph, "YT602", "no column is left as a feature", "list at least one under `features`", ("features",))


TARGET_TYPES: dict[Task, tuple[ColumnType, ...]] = {
    "regression": ("number",),
    "classification": ("category", "boolean"),
    "binary": ("category", "boolean"),
    "multilabel": ("boolean",),
    "ordinal": ("category",),
}
"""As what each task reads its target."""

TARGET_KEYS: dict[str, tuple[Task, ...]] = {
    "transform": ("regression",),
    "positive": ("binary",),
    "threshold": ("binary", "multilabel"),
    "order": ("ordinal",),
    "class_weights": ("classification", "binary", "ordinal"),
    "columns": ("multilabel",),
}
"""Keys of a target that some tasks alone know."""


def task_fits_the_target(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """Each task predicts columns of its own types, and knows its own keys."""
    target = graph.target
    if target is None or target.type is None or target.task is None:
        if target is not None and graph.look is not None and target.columns[0] in graph.look.columns:
            hint = "it must hold numbers, text, or true and false"
            yield _at(
                graph, "YT603", f'the target "{target.name}" is of a type that cannot be predicted', hint, ("target", "column")
            )
        return
    fitting = TARGET_TYPES[target.task]
    if target.type not in fitting:
        message = f"{target.task} predicts a {' or a '.join(fitting)}, and the target's type is {target.type}"
        hint = f"write `type: {fitting[0]}`, or leave one of the two out"
        yield _at(graph, "YT604", message, hint, ("target", "task" if graph.root.at(("target", "task")) else "type"))
    for key, tasks in TARGET_KEYS.items():
        written = graph.root.at(("target", key))
        if written is not None and target.task not in tasks and plain(written) != "none":
            message = f"{key} is for {listed(tasks)}, and the task is {target.task}"
            yield _at(graph, "YT605", message, f"leave {key} out, or write `task: {tasks[0]}`", ("target", key))


def targets_can_be_read(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """The target's columns hold, in the sample, what its type says."""
    target, look = graph.target, graph.look
    if target is None or look is None:
        return
    key = "columns" if graph.root.at(("target", "columns")) is not None else "column"
    for name in target.columns:
        found = look.columns.get(name)
        if name not in look.columns:
            continue
        if target.type == "number" and found != "number":
            hint = "write `type: category` to classify it"
            yield _at(graph, "YT606", f'the target "{name}" does not hold numbers', hint, ("target", key))
        if target.type == "boolean" and not _holds_booleans(look, name):
            hint = "write `type: category` to tell its values apart"
            yield _at(graph, "YT606", f'the target "{name}" does not hold true and false', hint, ("target", key))
        if target.task == "binary" and target.type == "category" and _count_values(look, name) > 2:
            hint = "leave `task`, `positive` and `threshold` out to tell all of them apart"
            yield _at(
                graph, "YT622", f'the target "{name}" has more than two values, and a binary one has two', hint, ("target", key)
            )
        if target.task == "ordinal" and target.order is None and found != "number":
            yield _at(
                graph, "YT621", f'the classes of "{name}" have no order', "write `order: [lowest, …, highest]`", ("target", key)
            )


def _holds_booleans(look: DataLook, name: str) -> bool:
    """Whether the sample's values of a column can be read as true and false."""
    try:
        return read_column(look.sample.get_column(name).alias("values"), name, Reading(type="boolean")) is not None
    except DataError:
        return False


def _count_values(look: DataLook, name: str) -> int:
    return int(look.sample.get_column(name).drop_nulls().n_unique())


def splits_have_their_columns(graph: PluginGraph, request: Request) -> Iterator[Diagnostic]:
    """The columns that a split goes by are named, and are there."""
    split, target, look = graph.nodes.get("split"), graph.target, graph.look
    if split is None or target is None or look is None:
        return
    try:
        split.plugin.implementation(split.params).columns(roles_of(graph), list(look.columns))
    except DataError as error:
        if not request.diagnostics.has_error_within(("keys",)) and not request.diagnostics.has_error_within(("event_time",)):
            yield _at(graph, error.code, error.message, error.hint, ("split",))


def roles_of(graph: PluginGraph) -> ColumnRoles:
    """The columns that the recipe gives a part to play."""
    keys, time = graph.root.at(("keys",)), graph.root.at(("event_time",))
    return ColumnRoles(
        keys=tuple(str(name) for name in plain(keys)) if keys is not None and isinstance(keys.value, tuple) else (),
        target=graph.target.columns if graph.target is not None else (),
        event_time=str(time.value) if time is not None else None,
    )


def loss_and_metrics_fit_the_task(graph: PluginGraph, request: Request) -> Iterator[Diagnostic]:
    """The loss and each metric are made for the task."""
    task = task_of(graph.target)
    if task is None:
        return
    for node in [*graph.of_kind("loss"), *graph.of_kind("metric")]:
        if task not in node.plugin.implementation.tasks:
            fitting = _fitting(node, task, request)
            message = f'the {node.kind} "{node.type}" is for {listed(node.plugin.implementation.tasks)}, the task is {task}'
            yield _at(graph, "YT607", message, f"for {task}: {fitting}" if fitting else "", (*node.path, "type"))


def _fitting(node: LinkedNode, task: str, request: Request) -> str:
    """The installed plugins of the node's kind that are made for the task."""
    loaded = (request.catalog.load(node.kind, name) for name in request.catalog.names(node.kind))
    return ", ".join(plugin.entry.name for plugin in loaded if task in plugin.implementation.tasks)


def encoders_fit_their_columns(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """An encoder takes columns of its own types."""
    for column in graph.columns:
        if column.encoder is not None and column.type not in column.encoder.plugin.implementation.column_types:
            takes = listed(column.encoder.plugin.implementation.column_types)
            message = f'the encoder "{column.encoder.type}" takes {takes}, and the column is a {column.type}'
            yield _at(graph, "YT608", message, "leave the encoder out to get the column type's own", (*column.path, "encoder"))


def nodes_are_named_once(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """A metric or a tracker stands once in its list."""
    for section in ("metrics", "tracker"):
        entries = graph.root.at((section,))
        seen: set[str] = set()
        for index, entry in enumerate(entries.value if entries is not None and isinstance(entries.value, tuple) else ()):
            name = plain(entry).get("type") if isinstance(entry.value, dict) else None
            if isinstance(name, str) and name in seen:
                yield _at(graph, "YT610", f'"{name}" stands twice in {section}', "keep one of them", (section, index))
            seen.add(str(name))


def fractions(graph: PluginGraph) -> dict[str, float]:
    """The split's shares of the rows; empty when there is no split."""
    split = graph.nodes.get("split")
    if split is None:
        return {}
    return dict(zip(("train", "val", "test"), split.plugin.implementation(split.params).fractions, strict=True))


def written_metrics(graph: PluginGraph) -> list[str]:
    """The full names of all metrics that a run writes."""
    shares = fractions(graph)
    names = ["loss", *(node.type for node in graph.of_kind("metric"))]
    return ["train/loss_epoch", *(f"{part}/{name}" for part in ("val", "test") if shares.get(part, 1) > 0 for name in names)]


def watched_metrics_are_written(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """What early stopping and the gates look at is measured."""
    if task_of(graph.target) is None and graph.root.at(("metrics",)) is None:
        return
    written = written_metrics(graph)
    watched: list[tuple[str, KeyPath, tuple[str, ...]]] = []
    if graph.trainer is not None and graph.trainer.early_stopping is not None:
        watched.append((graph.trainer.early_stopping.metric, ("trainer", "early_stopping", "metric"), ("val/", "train/")))
    for index, gate in enumerate(graph.promote.gates if graph.promote is not None else ()):
        if gate.metric is not None:
            watched.append((gate.metric, ("registry", "promote", "gates", index, "metric"), ("val/", "test/")))
    for name, path, parts in watched:
        choices = [metric for metric in written if metric.startswith(parts)]
        if name not in choices:
            message = f'{format_key_path(path)} watches "{name}", which is not written there'
            yield _at(graph, "YT611", message, did_you_mean(name, choices), path)


def best_weights_need_validation(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """The best epoch is found on the validation split."""
    shares = fractions(graph)
    written = graph.root.at(("trainer", "weights"))
    if shares.get("val", 1) == 0 and written is not None and written.value == "best":
        yield _at(
            graph,
            "YT612",
            "the best weights are found on the val split, and it is empty",
            "write `weights: last`",
            ("trainer", "weights"),
        )


def precision_fits_the_accelerator(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """float16 training needs a GPU; what is asked for is there."""
    if graph.compute is None or graph.trainer is None:
        return
    available = accelerators()
    chosen = graph.compute.accelerator
    if chosen != "auto" and chosen not in available:
        hint = f"this machine has: {', '.join(available)}; `auto` takes the best there is"
        yield _at(graph, "YT613", f"there is no {chosen} device here", hint, ("compute", "accelerator"))
        return
    accelerator = available[0] if chosen == "auto" else chosen
    precision = graph.trainer.precision
    if precision.startswith("16-") and accelerator == "cpu":
        hint = "use 32-true or bf16-mixed on the CPU"
        yield _at(
            graph,
            "YT614",
            f"the precision {precision} needs a GPU, this run is on the {accelerator}",
            hint,
            ("trainer", "precision"),
        )
    if precision == "64-true" and accelerator == "mps":
        yield _at(graph, "YT614", "MPS has no float64", "use 32-true", ("trainer", "precision"))


def strategy_fits_the_topology(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """The strategy can run on as many devices as the recipe asks for."""
    strategy = graph.nodes.get("strategy")
    if strategy is None or graph.compute is None or graph.trainer is None:
        return
    topology = derive_topology(graph.compute, graph.trainer, is_single=strategy.type == "single")
    for problem in strategy.plugin.implementation(strategy.params).problems(topology):
        written: list[KeyPath] = [("compute", "nodes"), ("compute", "devices")] if strategy.type == "single" else []
        path = next((path for path in written if graph.root.at(path) is not None), ("strategy",))
        hint = "`strategy: auto` takes one that can" if strategy.type == "single" else ""
        yield _at(graph, "YT615", f'the strategy "{strategy.type}" cannot run here: {problem}', hint, path)
    yield from _too_many_devices(graph, topology)


def _too_many_devices(graph: PluginGraph, topology: Topology) -> Iterator[Diagnostic]:
    path: KeyPath = ("compute", "devices")
    if topology.accelerator == "cuda" and topology.devices > (here := count_cuda_devices()):
        hint = f"write `devices: {here}`" if here else "write `accelerator: cpu`"
        yield _at(graph, "YT630", f"{topology.devices} CUDA devices are asked for, and there are {here} here", hint, path)
    elif topology.accelerator == "mps" and topology.devices > 1:
        yield _at(graph, "YT630", "MPS has one device", "write `devices: 1`, or `accelerator: cpu`", path)
    elif topology.accelerator == "cpu" and topology.devices > (cores := os.cpu_count() or 1):
        message = f"{topology.devices} processes share {cores} cores: each will wait for the others"
        found = _at(graph, "YT631", message, f"write `devices: {cores}` or less, except to try a larger world", path)
        yield replace(found, severity=Severity.WARNING)
    if topology.world_size > topology.batch_size:
        message = f"batches of {topology.batch_size} rows are fewer than the {topology.world_size} devices that share them"
        yield _at(
            graph, "YT632", message, "raise trainer.batch_size, which is global, or take fewer devices", ("trainer", "batch_size")
        )


def batch_norm_is_per_device(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """BatchNorm sees the rows of one device only: another number of devices trains another model."""
    model = graph.nodes.get("model")
    if model is None or graph.compute is None or graph.trainer is None or getattr(model.params, "norm", None) != "batch":
        return
    strategy = graph.nodes.get("strategy")
    topology = derive_topology(graph.compute, graph.trainer, is_single=strategy is None or strategy.type == "single")
    if topology.world_size > 1:
        message = (
            f"`norm: batch` normalises over the rows of one device: {topology.world_size} devices train another model than one"
        )
        found = _at(graph, "YT633", message, "use `norm: layer`, which does not depend on the batch", ("model", "norm"))
        yield replace(found, severity=Severity.WARNING)


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
            yield replace(_at(graph, "YT618", message, f"`split: {fitting}` goes by it", (section,)), severity=Severity.WARNING)


def champions_are_compared_on_the_same_rows(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """A gate that compares with another version needs rows that stay in their split."""
    split = graph.nodes.get("split")
    for index, gate in enumerate(graph.promote.gates if graph.promote is not None else ()):
        if gate.metric is not None and gate.better_than is not None and split is not None and split.type == "random":
            message = (
                f'the gate compares with "{gate.better_than}", and a random split gives the two different rows when the data change'
            )
            hint = "use `split: hash` (with `keys` if rows have an identity)"
            yield _at(graph, "YT616", message, hint, ("registry", "promote", "gates", index))


def registered_names_are_safe(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """The model and the alias have names that every registry can hold."""
    if "registry" not in graph.nodes:
        return
    written = graph.root.at(("registry", "name"))
    name = plain(written if written is not None else graph.root.nearest(("name",)))
    problem = model_name_problem(name) if isinstance(name, str) else None
    if problem is not None:
        path = ("registry", "name") if written is not None else ("name",)
        yield _at(
            graph, "YT619", f'"{name}" cannot name a registered model', f"{problem}; registry.name may differ from name", path
        )
    if graph.promote is not None and (problem := alias_problem(graph.promote.alias)) is not None:
        yield _at(graph, "YT619", f'"{graph.promote.alias}" cannot be an alias', problem, ("registry", "promote", "alias"))


def gates_say_something(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """A gate that states no condition would always pass, and one that states what it has no use for would mislead."""
    for index, gate in enumerate(graph.promote.gates if graph.promote is not None else ()):
        for message, hint in gate_problems(gate):
            yield _at(graph, "YT617", message, hint, ("registry", "promote", "gates", index))


RULES: tuple[Rule, ...] = (
    inputs_and_target_are_apart,
    task_fits_the_target,
    targets_can_be_read,
    loss_and_metrics_fit_the_task,
    encoders_fit_their_columns,
    nodes_are_named_once,
    watched_metrics_are_written,
    best_weights_need_validation,
    precision_fits_the_accelerator,
    strategy_fits_the_topology,
    batch_norm_is_per_device,
    splits_have_their_columns,
    keys_and_times_are_used,
    champions_are_compared_on_the_same_rows,
    gates_say_something,
    registered_names_are_safe,
)
