"""Rules about registering: names that every registry can hold, gates that say something and compare like with like."""

from __future__ import annotations

from collections.abc import Iterator

from ymltrain.compiler.graph import PluginGraph
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.rule import found_at
from ymltrain.diagnostics import Diagnostic
from ymltrain.plan.gate_problems import gate_problems
from ymltrain.recipe.document import plain
from ymltrain.storage import alias_problem, model_name_problem


def registered_names_are_safe(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """The model and the alias have names that every registry can hold."""
    if "registry" not in graph.nodes:
        return
    written = graph.root.at(("registry", "name"))
    name = plain(written if written is not None else graph.root.nearest(("name",)))
    problem = model_name_problem(name) if isinstance(name, str) else None
    if problem is not None:
        path = ("registry", "name") if written is not None else ("name",)
        yield found_at(
            graph, "YT619", f'"{name}" cannot name a registered model', f"{problem}; registry.name may differ from name", path
        )
    if graph.promote is not None and (problem := alias_problem(graph.promote.alias)) is not None:
        yield found_at(graph, "YT619", f'"{graph.promote.alias}" cannot be an alias', problem, ("registry", "promote", "alias"))


def gates_say_something(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """A gate that states no condition would always pass, and one that states what it has no use for would mislead."""
    for index, gate in enumerate(graph.promote.gates if graph.promote is not None else ()):
        for message, hint in gate_problems(gate):
            yield found_at(graph, "YT617", message, hint, ("registry", "promote", "gates", index))


def champions_are_compared_on_the_same_rows(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """A gate that compares with another version needs rows that stay in their split."""
    split = graph.nodes.get("split")
    for index, gate in enumerate(graph.promote.gates if graph.promote is not None else ()):
        if gate.metric is not None and gate.better_than is not None and split is not None and split.type == "random":
            message = (
                f'the gate compares with "{gate.better_than}", and a random split gives the two different rows when the data change'
            )
            hint = "use `split: hash` (with `keys` if rows have an identity)"
            yield found_at(graph, "YT616", message, hint, ("registry", "promote", "gates", index))
