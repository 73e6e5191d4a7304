"""Trials at the ends of a space, compiled before any runs: whatever a search could try fits the plugins' schemas and the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ymltrain.compiler.graph import PluginGraph
from ymltrain.compiler.request import Request
from ymltrain.compiler.search.trial import Setting, with_settings
from ymltrain.compiler.search.written import WrittenDimension
from ymltrain.diagnostics import Diagnostic, Diagnostics, RecipeError, Severity, Span
from ymltrain.plan.search.domains import Switch, Uniform
from ymltrain.plan.search.space import Condition
from ymltrain.recipe.document import Node, annotate
from ymltrain.recipe.key_path import format_key_path

MAX_PROBES = 256

Probe = tuple[tuple[WrittenDimension, int], ...]
"""Some dimensions, each at the end with a number."""


def find_faults(
    graph: PluginGraph, written: Sequence[WrittenDimension], request: Request, build: Callable[[Node, Request], PluginGraph]
) -> Iterator[Diagnostic]:
    """What is wrong with a recipe at the ends of its space, each fault once, at the place in the space that brings it."""
    document = graph.resolved.document
    seen: set[tuple[str, str, Span | None]] = set()
    for probe in _probes(written, ())[:MAX_PROBES]:
        settings = [
            setting for one, index in sorted(probe, key=lambda end: len(end[0].target)) for setting in [_setting(one, index)]
        ]
        inner = replace(request, diagnostics=Diagnostics(), look=graph.look)
        try:
            build(with_settings(document, settings, inner), inner)
        except RecipeError as error:
            for found in error.diagnostics:
                placed = _placed(found, probe)
                if found.severity is Severity.ERROR and (key := (placed.code, placed.message, placed.span)) not in seen:
                    seen.add(key)
                    yield placed


def _probes(written: Sequence[WrittenDimension], when: tuple[Condition, ...]) -> list[Probe]:
    """Sets of ends in which every end of every dimension stands at least once, on every branch."""
    columns: list[list[Probe]] = []
    for one in written:
        if one.dimension.when != when:
            continue
        ends: list[Probe] = []
        domain = one.dimension.domain
        for index in range(len(domain.ends())):
            if isinstance(domain, Switch):
                condition = Condition(switch=one.dimension.path, branch=domain.names[index])
                ends += [((one, index), *below) for below in _probes(written, (*when, condition)) or [()]]
            else:
                ends.append(((one, index),))
        columns.append(ends)
    rows = max((len(column) for column in columns), default=0)
    return [tuple(end for column in columns for end in column[row % len(column)]) for row in range(rows)]


def _setting(one: WrittenDimension, index: int) -> Setting:
    domain = one.dimension.domain
    node = one.end_node(index)
    if isinstance(domain, Switch):
        written = node if isinstance(node.value, dict) and domain.branches[domain.names[index]] else annotate({}, one.entry)
        return one.target, replace(written, key_span=one.entry.key_span)
    value = annotate(domain.ends()[index], node)
    return one.target, replace(value, key_span=one.entry.key_span)


def _placed(found: Diagnostic, probe: Probe) -> Diagnostic:
    """A finding about a trial, placed in the space: at the key it is about, else at the whole space with the values named."""
    about = [(one, index) for one, index in probe if found.key_path[: len(one.target)] == one.target]
    above = [(one, index) for one, index in probe if found.key_path and one.target[: len(found.key_path)] == found.key_path]
    if about:
        one, _ = max(about, key=lambda end: len(end[0].target))
        hint = (
            "whole numbers are `int`"
            if isinstance(one.dimension.domain, Uniform) and "whole number" in found.message
            else found.hint
        )
        return replace(found, key_path=one.path, hint=hint)
    if above:
        one, _ = above[0]
        return replace(found, key_path=one.path, span=one.entry.place)
    values = ", ".join(f"{format_key_path(one.target)}={one.dimension.domain.ends()[index]}" for one, index in probe)
    one = probe[0][0]
    return replace(found, message=f"with {values}: {found.message}", key_path=("tuner", "space"), span=one.entry.place)
