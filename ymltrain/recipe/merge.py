"""Merging one layer of a recipe over another, by the positions of the recipe.

Mappings merge key by key, lists are replaced, null takes a value back to its default (but for a plugin's param of
which null is a value, as of `quote` of a CSV file). Where a plugin is chosen and the upper layer changes its `type`,
params that the new plugin has too are kept and the others are dropped with a warning; a column whose type changes
starts anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from ymltrain.diagnostics import Diagnostic, Diagnostics, KeyPath, Severity
from ymltrain.kinds.kind import KINDS
from ymltrain.recipe.document import Node, Origin
from ymltrain.recipe.grammar import DEFAULT_TYPES, REQUIRED_SECTIONS, is_column, plugin_kind_at
from ymltrain.recipe.key_path import format_key_path

SharedParams: TypeAlias = Callable[[str, str, str], frozenset[str]]
"""The params that two types of a kind have in common: `(kind, one type, other type)`."""


_NAMES = {"column", "columns"}
"""How a target names what it predicts: one way or the other."""


class Merge:
    """Merges one layer over another by the positions of the recipe."""

    def __init__(self, shared_params: SharedParams, diagnostics: Diagnostics) -> None:
        self._shared_params = shared_params
        self._diagnostics = diagnostics

    def over(self, lower: Node, upper: Node, path: KeyPath = ()) -> Node:
        """The two layers as one, the upper one winning."""
        if not isinstance(lower.value, dict) or not isinstance(upper.value, dict):
            key_span = upper.key_span or lower.key_span
            return replace(upper, key_span=key_span, replaced=(replace(lower, replaced=()), *lower.replaced, *upper.replaced))
        kept = self._kept_entries(lower, upper, path)
        entries = {
            key: self.over(kept[key], upper.value[key], (*path, key)) if key in kept and key in upper.value else entry
            for key, entry in {**kept, **upper.value}.items()
        }
        return replace(upper, value=entries)

    def _kept_entries(self, lower: Node, upper: Node, path: KeyPath) -> dict[str, Node]:
        """What the lower layer's node still says under the upper layer's choice of a type."""
        if path == ("target",) and upper.mapping.keys() & _NAMES:
            return {key: entry for key, entry in lower.mapping.items() if key not in _NAMES}
        kind = plugin_kind_at(path)
        if kind is None and not is_column(path):
            return lower.mapping
        was, now = _type_of(lower) or DEFAULT_TYPES.get(kind or ""), _type_of(upper)
        if was is None or now is None or was == now:
            return lower.mapping
        shared = self._shared_params(kind, was, now) if kind is not None else frozenset[str]()
        owned = KINDS[kind].owned_keys if kind is not None else ("type", "available_at", "serving_default")
        kept = {key: entry for key, entry in lower.mapping.items() if key in owned or key in shared}
        dropped = [key for key in lower.mapping if key not in kept and key not in upper.mapping]
        if dropped:
            self._warn(dropped, was, now, upper, path)
        return kept

    def _warn(self, dropped: list[str], was: str, now: str, upper: Node, path: KeyPath) -> None:
        names = ", ".join(dropped)
        message = f"{format_key_path(path)} changes from {was} to {now}, which drops what was set for {was}: {names}"
        where = "the override" if upper.origin is Origin.OVERRIDE else "this layer"
        hint = f"set them in {where} if {now} should have them"
        self._diagnostics.add(Diagnostic("YT206", message, hint, upper.mapping["type"].span, path, Severity.WARNING))


def _type_of(node: Node) -> str | None:
    chosen = node.mapping.get("type")
    return chosen.value if chosen is not None and isinstance(chosen.value, str) else None


def without_nulls(node: Node, path: KeyPath = ()) -> Node:
    """The recipe with null sections and keys of sections left out; what stands in plugins is theirs.

    A section that has no default stays, to be reported where it is left empty.
    """
    if not isinstance(node.value, dict) or plugin_kind_at(path) is not None:
        return node
    return node.with_entries(
        {
            key: without_nulls(entry, (*path, key))
            for key, entry in node.value.items()
            if entry.value is not None or (not path and key in REQUIRED_SECTIONS)
        }
    )
