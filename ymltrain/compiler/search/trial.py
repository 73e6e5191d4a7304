"""A trial is the recipe with some keys overridden, compiled by the same passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ymltrain.compiler.belongs import params_of
from ymltrain.compiler.request import Request
from ymltrain.diagnostics import Diagnostics, KeyPath, Source, Span
from ymltrain.plan.search.domains import Switch
from ymltrain.plan.search.space import Space
from ymltrain.recipe.document import Node, Origin, annotate
from ymltrain.recipe.key_path import parse_key_path
from ymltrain.recipe.merge import Merge, without_nulls
from ymltrain.recipe.short_forms import expand_short_forms

Setting = tuple[KeyPath, Node]


def with_settings(document: Node, settings: Iterable[Setting], request: Request) -> Node:
    """The composed document without its tuner, with each setting laid over it in turn."""
    root = document.with_entries({key: entry for key, entry in document.mapping.items() if key != "tuner"})

    def shared_params(kind: str, one: str, other: str) -> frozenset[str]:
        return params_of(request.catalog, kind, one) & params_of(request.catalog, kind, other)

    merge = Merge(shared_params, Diagnostics())  # that a branch drops another one's params needs no warning
    for path, value in settings:
        root = merge.over(root, expand_short_forms(_nested(path, value)))
    return without_nulls(root)


def point_settings(space: Space, point: Mapping[str, Any]) -> list[tuple[KeyPath, Any]]:
    """What a point sets, in the order in which it is laid over the recipe: a switch before what its branch tunes."""
    settings: list[tuple[KeyPath, Any]] = []
    for dimension in space.active(point):
        path, value = parse_key_path(dimension.path), point[dimension.path]
        settings.append((path, dimension.domain.branches[value] if isinstance(dimension.domain, Switch) else value))
    return sorted(settings, key=lambda setting: len(setting[0]))


def document_of(composed: Mapping[str, Any], folder: str) -> Node:
    """A composed recipe out of a Plan as a document again; paths in it are relative to `folder`."""
    source = Source("the plan's recipe", "", folder)
    return annotate(dict(composed), Node(None, Span(source, 1, 1, 1, 1), None, Origin.FILE))


def trial_document(composed: Mapping[str, Any], space: Space, point: Mapping[str, Any], request: Request) -> Node:
    """The document of one trial."""
    document = document_of(composed, str(request.workspace))
    settings = [(path, annotate(value, document)) for path, value in point_settings(space, point)]
    return with_settings(document, settings, request)


def _nested(path: KeyPath, value: Node) -> Node:
    node = value
    for key in reversed(path):
        entry = replace(node, key_span=node.key_span or value.key_span)
        node = Node({str(key): entry}, value.span, value.key_span, Origin.OVERRIDE)
    return node
