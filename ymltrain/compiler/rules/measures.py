"""Rules about what is measured: losses and metrics that fit the task, watched metrics that are written."""

from __future__ import annotations

from collections.abc import Iterator

from ymltrain.compiler.graph import LinkedNode, PluginGraph
from ymltrain.compiler.look import task_of
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.rule import found_at, listed
from ymltrain.compiler.rules.splits import fractions
from ymltrain.diagnostics import Diagnostic, KeyPath, did_you_mean
from ymltrain.recipe.document import plain
from ymltrain.recipe.key_path import format_key_path


def loss_and_metrics_fit_the_task(graph: PluginGraph, request: Request) -> Iterator[Diagnostic]:
    """The loss and each metric are made for the task."""
    task = task_of(graph.target)
    if task is None:
        return
    for node in [*graph.of_kind("loss"), *graph.of_kind("metric")]:
        if task not in node.plugin.implementation.tasks:
            fitting = _fitting(node, task, request)
            message = f'the {node.kind} "{node.type}" is for {listed(node.plugin.implementation.tasks)}, the task is {task}'
            yield found_at(graph, "YT607", message, f"for {task}: {fitting}" if fitting else "", (*node.path, "type"))


def _fitting(node: LinkedNode, task: str, request: Request) -> str:
    """The installed plugins of the node's kind that are made for the task."""
    loaded = (request.catalog.load(node.kind, name) for name in request.catalog.names(node.kind))
    return ", ".join(plugin.entry.name for plugin in loaded if task in plugin.implementation.tasks)


def nodes_are_named_once(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """A metric or a tracker stands once in its list."""
    for section in ("metrics", "tracker"):
        entries = graph.root.at((section,))
        seen: set[str] = set()
        for index, entry in enumerate(entries.value if entries is not None and isinstance(entries.value, tuple) else ()):
            name = plain(entry).get("type") if isinstance(entry.value, dict) else None
            if isinstance(name, str) and name in seen:
                yield found_at(graph, "YT610", f'"{name}" stands twice in {section}', "keep one of them", (section, index))
            seen.add(str(name))


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
            yield found_at(graph, "YT611", message, did_you_mean(name, choices), path)


def best_weights_need_validation(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """The best epoch is found on the validation split."""
    shares = fractions(graph)
    written = graph.root.at(("trainer", "weights"))
    if shares.get("val", 1) == 0 and written is not None and written.value == "best":
        yield found_at(
            graph,
            "YT612",
            "the best weights are found on the val split, and it is empty",
            "write `weights: last`",
            ("trainer", "weights"),
        )


def written_metrics(graph: PluginGraph) -> list[str]:
    """The full names of all metrics that a run writes."""
    shares = fractions(graph)
    names = ["loss", *(node.type for node in graph.of_kind("metric"))]
    return ["train/loss_epoch", *(f"{part}/{name}" for part in ("val", "test") if shares.get(part, 1) > 0 for name in names)]
