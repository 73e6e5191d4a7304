"""What a rule is: a function of the graph that yields what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from ymltrain.compiler.graph import PluginGraph
from ymltrain.compiler.request import Request
from ymltrain.diagnostics import Diagnostic, KeyPath

Rule: TypeAlias = Callable[[PluginGraph, Request], Iterator[Diagnostic]]


def found_at(graph: PluginGraph, code: str, message: str, hint: str, path: KeyPath) -> Diagnostic:
    """An error at a key path, or at the nearest one that is written."""
    return Diagnostic(code, message, hint, graph.root.nearest(path).span, path)


def listed(names: Sequence[str]) -> str:
    """Names as a person lists them: a, b and c."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
