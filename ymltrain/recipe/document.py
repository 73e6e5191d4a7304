"""A recipe as data: plain YAML values, each remembering where it is written and what it replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

from ymltrain.diagnostics import KeyPath, Span

Scalar: TypeAlias = str | int | float | bool | None


class Origin(StrEnum):
    """Which layer of a recipe wrote a value."""

    FILE = "file"
    PROFILE = "profile"
    OVERRIDE = "override"
    ENV = "env"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a recipe with its place.

    `span` is where the value stands, `key_span` where its key does (None in lists and at the top).
    `replaced` are the values of lower layers that this one overrides, the nearest first.
    """

    value: Scalar | dict[str, Node] | tuple[Node, ...]
    span: Span
    key_span: Span | None = None
    origin: Origin = Origin.FILE
    replaced: tuple[Node, ...] = ()

    @property
    def mapping(self) -> dict[str, Node]:
        """The entries of a mapping; empty for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def place(self) -> Span:
        """Where a diagnostic about this entry points: its key if it has one, else its value."""
        return self.key_span or self.span

    def with_entries(self, entries: Mapping[str, Node]) -> Node:
        """The same node with other entries."""
        return replace(self, value=dict(entries))

    def at(self, path: KeyPath) -> Node | None:
        """The node at a key path below this one, or None."""
        node = self
        for key in path:
            if isinstance(node.value, dict) and key in node.value:
                node = node.value[str(key)]
            elif isinstance(node.value, tuple) and isinstance(key, int) and key < len(node.value):
                node = node.value[key]
            else:
                return None
        return node

    def nearest(self, path: KeyPath) -> Node:
        """The node at a key path, or the deepest one above it that is written."""
        for length in range(len(path), 0, -1):
            node = self.at(path[:length])
            if node is not None:
                return node
        return self


def plain(node: Node) -> Any:
    """The value without places, as JSON would hold it."""
    if isinstance(node.value, dict):
        return {key: plain(entry) for key, entry in node.value.items()}
    if isinstance(node.value, tuple):
        return [plain(entry) for entry in node.value]
    return node.value


def annotate(value: Any, like: Node) -> Node:
    """A node tree for a plain value, every part of it placed where `like` stands."""
    if isinstance(value, dict):
        entries: dict[str, Node] = {key: annotate(entry, like) for key, entry in value.items()}
        return Node(entries, like.span, like.key_span, like.origin)
    if isinstance(value, list | tuple):
        return Node(tuple(annotate(entry, like) for entry in value), like.span, like.key_span, like.origin)
    return Node(value, like.span, like.key_span, like.origin)


def count_nodes(node: Node) -> int:
    """How many values a tree holds, aliases counted each time they are used."""
    if isinstance(node.value, dict):
        return 1 + sum(count_nodes(entry) for entry in node.value.values())
    if isinstance(node.value, tuple):
        return 1 + sum(count_nodes(entry) for entry in node.value)
    return 1


def with_origin(node: Node, origin: Origin) -> Node:
    """The same tree, said to come from another layer."""
    if isinstance(node.value, dict):
        return replace(node, origin=origin, value={key: with_origin(entry, origin) for key, entry in node.value.items()})
    if isinstance(node.value, tuple):
        return replace(node, origin=origin, value=tuple(with_origin(entry, origin) for entry in node.value))
    return replace(node, origin=origin)
