"""What the recipe language has and this version of ymltrain does not do: refused by name, never ignored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ymltrain.diagnostics import Diagnostic, KeyPath
from ymltrain.recipe.document import Node, plain
from ymltrain.recipe.key_path import format_key_path

_ALWAYS: Callable[[Any], bool] = lambda _: True  # noqa: E731 - a name for a predicate in the table below

NOT_YET: tuple[tuple[tuple[str, ...], Callable[[Any], bool], str], ...] = (
    (
        ("compute", "nodes"),
        lambda value: value != 1,
        "one machine runs: `nodes: 1`; `ymltrain plan --world` shows what more would take",
    ),
)
"""Key path, which values of it are not done yet, and what to write instead."""


def report_not_yet(root: Node) -> Iterator[Diagnostic]:
    """One diagnostic for each thing that this version does not bring."""
    for path, applies, hint in NOT_YET:
        node = root.at(path)
        if node is not None and applies(plain(node)):
            yield _diagnostic(format_key_path(path), node, path, hint)


def _diagnostic(what: str, node: Node, path: KeyPath, hint: str) -> Diagnostic:
    return Diagnostic("YT404", f"{what} is not part of this version of ymltrain", hint, node.place, path)
