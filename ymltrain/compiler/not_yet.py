"""What the recipe language has and this version of ymltrain does not do: refused by name, never ignored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ymltrain.diagnostics import Diagnostic, KeyPath
from ymltrain.recipe.document import Node, plain
from ymltrain.recipe.key_path import format_key_path

_ALWAYS: Callable[[Any], bool] = lambda _: True  # noqa: E731 - a name for a predicate in the table below

NOT_YET: tuple[tuple[tuple[str, ...], Callable[[Any], bool], str], ...] = (
    (("event_time",), _ALWAYS, "leave it out; splits go by `random` or `hash`"),
    (("weight",), _ALWAYS, "leave it out; every row weighs the same"),
    (
        ("compute", "nodes"),
        lambda value: value != 1,
        "one machine runs: `nodes: 1`; `plan --world` shows what more would take",
    ),
    (("skew", "profile"), lambda value: value is True, "leave it out"),
)
"""Key path, which values of it are not done yet, and what to write instead."""

COLUMN_TYPES = ("boolean", "timestamp", "text", "vector")


def report_not_yet(root: Node) -> Iterator[Diagnostic]:
    """One diagnostic for each thing that this version does not bring."""
    for path, applies, hint in NOT_YET:
        node = root.at(path)
        if node is not None and applies(plain(node)):
            yield _diagnostic(format_key_path(path), node, path, hint)
    features = root.at(("features",))
    for name, column in (features.mapping if features is not None else {}).items():
        chosen = column.at(("type",))
        if chosen is not None and chosen.value in COLUMN_TYPES:
            what = f'the column type "{chosen.value}"'
            yield _diagnostic(what, chosen, ("features", name, "type"), "this version reads number and category, or `ignore` it")


def _diagnostic(what: str, node: Node, path: KeyPath, hint: str) -> Diagnostic:
    return Diagnostic("YT404", f"{what} is not part of this version of ymltrain", hint, node.place, path)
