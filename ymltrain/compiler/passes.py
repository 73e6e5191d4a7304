"""The compiler: a list of passes, each taking what the one before it made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ymltrain.compiler.belongs import index_keys, params_of
from ymltrain.compiler.graph import PluginGraph, Resolved
from ymltrain.compiler.link import link_plugins as link
from ymltrain.compiler.look import look_at_data
from ymltrain.compiler.make_plan import make_plan
from ymltrain.compiler.model_defaults import lay_model_defaults
from ymltrain.compiler.not_yet import report_not_yet
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.check import check_graph
from ymltrain.compiler.search.check import check_search as check_tuner
from ymltrain.compiler.search.trial import trial_document
from ymltrain.compiler.strategy import choose_strategy
from ymltrain.diagnostics import Diagnostic, RecipeError, Source, Span
from ymltrain.plan.plan import Plan
from ymltrain.plan.search.space import Space
from ymltrain.recipe import envelope, overrides, source, syntax
from ymltrain.recipe import interpolate as references
from ymltrain.recipe.compose import check_version
from ymltrain.recipe.compose import compose as compose_layers
from ymltrain.recipe.document import Node
from ymltrain.recipe.merge import Merge
from ymltrain.recipe.short_forms import expand_short_forms as expand


def read_recipe(path: Path, request: Request) -> Source | None:
    """1: a file's text."""
    return source.read_recipe(path, request.diagnostics)


def parse_syntax(text: Source, request: Request) -> Node | None:
    """2: plain data, every key and value with its place."""
    root = syntax.parse_syntax(text, request.diagnostics)
    return root if root is not None and check_version(root, request.diagnostics) else None


def expand_short_forms(root: Node, _: Request) -> Node:
    """3: the recipe in long form."""
    return expand(root)


def compose(root: Node, request: Request) -> Node:
    """4: one recipe from what it extends, itself and a profile; the other profiles are checked and left behind."""

    def load(path: Path, asked_by: Span) -> Node | None:
        text = source.read_recipe(path, request.diagnostics, asked_by)
        below = parse_syntax(text, request) if text is not None else None
        return expand(below) if below is not None else None

    composed = compose_layers(root, load, request.profile, _merge(request), request.diagnostics)
    if "profiles" in composed.mapping:
        envelope.check_profiles(composed, index_keys(composed, request.catalog), request.diagnostics)
    return composed.with_entries({key: entry for key, entry in composed.mapping.items() if key != "profiles"})


def apply_overrides(root: Node, request: Request) -> Node:
    """5: the command line over the files."""
    return overrides.apply_overrides(root, request.overrides, _merge(request), request.diagnostics)


def interpolate(root: Node, request: Request) -> Resolved | None:
    """6: references, with the environment as an argument; what the model proposes goes below."""
    resolved = references.interpolate(root, request.environment, request.diagnostics)
    if resolved is None:
        return None
    resolved = lay_model_defaults(expand(resolved), request)  # expanded again: what references brought
    return Resolved(resolved, root, index_keys(resolved, request.catalog))


def check_envelope(resolved: Resolved, request: Request) -> Resolved:
    """7: the shape of the whole, and what this version does not do."""
    envelope.check_envelope(resolved.root, resolved.belongs, request.diagnostics)
    request.diagnostics.settle()  # what is misspelt and not brought yet is misspelt
    for found in report_not_yet(resolved.root):
        request.diagnostics.add(found)
    return resolved


def link_plugins(resolved: Resolved, request: Request) -> PluginGraph:
    """8: each node against its own plugin's schema."""
    return link(resolved, request)


def check_search(graph: PluginGraph, request: Request) -> PluginGraph:
    """11: the search, by compiling trials at the ends of its space."""
    return check_tuner(graph, request, build_graph_of)


@dataclass(frozen=True)
class Pass:
    """A step of the compiler. After a `barrier`, and when a pass makes nothing, errors found so far end the compilation."""

    run: Callable[[Any, Request], Any]
    barrier: bool = False


PASSES: tuple[Pass, ...] = (
    Pass(read_recipe, barrier=True),
    Pass(parse_syntax, barrier=True),
    Pass(expand_short_forms),
    Pass(compose),
    Pass(apply_overrides),
    Pass(interpolate),
    Pass(check_envelope),
    Pass(link_plugins),
    Pass(look_at_data),
    Pass(choose_strategy),
    Pass(check_graph, barrier=True),
    Pass(check_search, barrier=True),
)
"""From a recipe's path to a checked PluginGraph; `make_plan` then turns that into a Plan."""

PASSES_OF_DOCUMENTS = PASSES[[step.run for step in PASSES].index(interpolate) :]
"""What is done with a composed document: of a recipe, or of a trial."""


def build_graph(request: Request) -> PluginGraph:
    """Run all passes. Raises RecipeError with every diagnostic when there is an error among them."""
    return _run(PASSES, request.recipe, request)


def build_graph_of(document: Node, request: Request) -> PluginGraph:
    """Run the passes that come after composition on a composed document. Raises RecipeError."""
    return _run(PASSES_OF_DOCUMENTS, document, request)


def _run(passes: Sequence[Pass], start: Path | Node, request: Request) -> PluginGraph:
    value: Any = start
    for compiler_pass in passes:
        value = compiler_pass.run(value, request)
        request.diagnostics.settle()
        if (compiler_pass.barrier or value is None) and request.diagnostics.has_errors:
            raise RecipeError(_in_reading_order(list(request.diagnostics)))
    assert isinstance(value, PluginGraph)
    return value


def compile_recipe(request: Request) -> Plan:
    """A recipe to its Plan. Raises RecipeError with every diagnostic."""
    return make_plan(build_graph(request), request)


def compile_trial(composed: Mapping[str, Any], space: Space, point: Mapping[str, Any], request: Request) -> PluginGraph:
    """The graph of a trial: a composed recipe out of a Plan, with a point of its space laid over it. Raises RecipeError."""
    return build_graph_of(trial_document(composed, space, point, request), request)


def _merge(request: Request) -> Merge:
    def shared_params(kind: str, one: str, other: str) -> frozenset[str]:
        return params_of(request.catalog, kind, one) & params_of(request.catalog, kind, other)

    return Merge(shared_params, request.diagnostics)


def _in_reading_order(found: list[Diagnostic]) -> list[Diagnostic]:
    """By file in the order met, then by place."""
    files = list(dict.fromkeys(one.span.source.name for one in found if one.span is not None))
    return sorted(
        found,
        key=lambda one: (files.index(one.span.source.name), one.span.line, one.span.column) if one.span else (-1, 0, 0),
    )
