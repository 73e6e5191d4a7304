"""Rules about the target: its task, its keys, what its columns hold."""

from __future__ import annotations

from collections.abc import Iterator

from ymltrain.compiler.graph import DataLook, PluginGraph
from ymltrain.compiler.link import TEXT_KEYS
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.rule import found_at, listed
from ymltrain.diagnostics import DataError, Diagnostic
from ymltrain.kinds.typed_columns import read_column
from ymltrain.plan.shapes import ColumnType, Reading, Task
from ymltrain.recipe.document import plain

TARGET_TYPES: dict[Task, tuple[ColumnType, ...]] = {
    "regression": ("number",),
    "classification": ("category", "boolean"),
    "binary": ("category", "boolean"),
    "multilabel": ("boolean",),
    "ordinal": ("category",),
    "next_token": ("text",),
}
"""As what each task reads its target."""


TARGET_KEYS: dict[str, tuple[Task, ...]] = {
    "transform": ("regression",),
    "positive": ("binary",),
    "threshold": ("binary", "multilabel"),
    "order": ("ordinal",),
    "class_weights": ("classification", "binary", "ordinal"),
    "columns": ("multilabel",),
    **dict.fromkeys(TEXT_KEYS, ("next_token",)),
}
"""Keys of a target that some tasks alone know."""


def task_fits_the_target(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """Each task predicts columns of its own types, and knows its own keys."""
    target = graph.target
    if target is None or target.type is None or target.task is None:
        look = graph.look
        if target is not None and look is not None and target.columns[0] in look.columns and not look.is_empty(target.columns[0]):
            hint = "it must hold numbers, text, or true and false"
            yield found_at(
                graph, "YT603", f'the target "{target.name}" is of a type that cannot be predicted', hint, ("target", "column")
            )
        return
    fitting = TARGET_TYPES[target.task]
    if target.type not in fitting:
        message = f"{target.task} predicts a {' or a '.join(fitting)}, and the target's type is {target.type}"
        hint = f"write `type: {fitting[0]}`, or leave one of the two out"
        yield found_at(graph, "YT604", message, hint, ("target", "task" if graph.root.at(("target", "task")) else "type"))
    for key, tasks in TARGET_KEYS.items():
        written = graph.root.at(("target", key))
        if written is not None and target.task not in tasks and plain(written) != "none":
            message = f"{key} is for {listed(tasks)}, and the task is {target.task}"
            yield found_at(graph, "YT605", message, f"leave {key} out, or write `task: {tasks[0]}`", ("target", key))


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
            yield found_at(graph, "YT606", f'the target "{name}" does not hold numbers', hint, ("target", key))
        if target.type == "text" and found not in ("text", "category"):
            hint = "a language model is trained on a column of texts"
            yield found_at(graph, "YT606", f'the target "{name}" does not hold texts', hint, ("target", key))
        if target.type == "boolean" and not _holds_booleans(look, name):
            hint = "write `type: category` to tell its values apart"
            yield found_at(graph, "YT606", f'the target "{name}" does not hold true and false', hint, ("target", key))
        if target.task == "binary" and target.type == "category" and _count_values(look, name) > 2:
            hint = "leave `task`, `positive` and `threshold` out to tell all of them apart"
            yield found_at(
                graph, "YT622", f'the target "{name}" has more than two values, and a binary one has two', hint, ("target", key)
            )
        if target.task == "ordinal" and target.order is None and found != "number":
            yield found_at(
                graph, "YT621", f'the classes of "{name}" have no order', "write `order: [lowest, …, highest]`", ("target", key)
            )


def _holds_booleans(look: DataLook, name: str) -> bool:
    """Whether the sample's values of a column can be read as true and false."""
    try:
        return read_column(look.sample.get_column(name).alias("values"), name, Reading(type="boolean")) is not None
    except DataError:
        return False


def _count_values(look: DataLook, name: str) -> int:
    return int(look.present(name).n_unique())
