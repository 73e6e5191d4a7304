"""Rules about the section `evaluation`: the columns that cut the rows are there, and can be cut so."""

from __future__ import annotations

from collections.abc import Iterator

from ymltrain.compiler.graph import PluginGraph
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.rule import found_at
from ymltrain.diagnostics import Diagnostic, KeyPath, did_you_mean
from ymltrain.plan.slices import edge_problem


def slices_can_be_cut(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """Each slice names a column of the data, once; edges rise, and cut numbers."""
    seen: set[str] = set()
    for column, edges, path in _written(graph):
        if graph.look is not None and column not in graph.look.columns:
            yield found_at(graph, "YT711", f'the data have no column "{column}"', did_you_mean(column, graph.look.columns), path)
        elif column in seen:
            yield found_at(graph, "YT623", f'"{column}" cuts the rows twice', "keep one of the two", path)
        elif edges is not None and (problem := edge_problem(edges)) is not None:
            yield found_at(graph, "YT623", f'"{column}" cannot be cut: {problem}', "like {carat: [0, 1, 2, 5]}", path)
        elif graph.look is not None:
            yield from _unfit(graph, column, edges, path)
        seen.add(column)


def _unfit(graph: PluginGraph, column: str, edges: tuple[float, ...] | None, path: KeyPath) -> Iterator[Diagnostic]:
    assert graph.look is not None
    found = graph.look.columns[column]
    is_number = graph.look.sample.get_column(column).dtype.is_numeric()
    if edges is not None and not is_number:
        message = f'"{column}" cannot be cut at edges: it does not hold numbers'
        yield found_at(graph, "YT623", message, f"write `{column}` alone: each value is a slice", path)
    elif found is None or found == "vector":
        yield found_at(graph, "YT623", f'"{column}" has no values to cut by', "slice by a column of numbers or categories", path)


def gates_on_slices_have_some(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """A gate that looks at slices can only pass where the evaluation has some."""
    has_slices = graph.evaluation is not None and bool(graph.evaluation.slices)
    for index, gate in enumerate(graph.promote.gates if graph.promote is not None else ()):
        if gate.check == "slices" and not has_slices:
            hint = "name some: evaluation: {slices: [column]}"
            path: KeyPath = ("registry", "promote", "gates", index)
            yield found_at(graph, "YT624", "the gate looks at slices, and the recipe has none", hint, path)


def _written(graph: PluginGraph) -> Iterator[tuple[str, tuple[float, ...] | None, KeyPath]]:
    """Each column with its edges and where it stands."""
    for index, entry in enumerate(graph.evaluation.slices if graph.evaluation is not None else ()):
        path: KeyPath = ("evaluation", "slices", index)
        if isinstance(entry, str):
            yield entry, None, path
        else:
            for column, edges in entry.items():
                yield column, edges, (*path, column)
