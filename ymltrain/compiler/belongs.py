"""At which key paths each key of the recipe language may stand, for keys written in the wrong place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import KeyPath, PluginError
from ymltrain.kinds.kind import KINDS
from ymltrain.recipe.document import Node
from ymltrain.recipe.envelope import envelope_schema
from ymltrain.recipe.grammar import ANY, DEFAULT_TYPES, PLUGIN_POSITIONS


def index_keys(root: Node, catalog: Catalog) -> dict[str, list[KeyPath]]:
    """Key name → its places: the framework's sections, and the params of the plugins this recipe chooses or gets by default."""
    index: dict[str, list[KeyPath]] = {}
    schema = envelope_schema()
    _add_properties(index, schema, (), schema["$defs"])
    for position, kind in PLUGIN_POSITIONS.items():
        if ANY not in position:
            for name in params_of(catalog, kind, _chosen_type(root, position) or DEFAULT_TYPES.get(kind)):
                index.setdefault(name, []).append((*position, name))
    return index


def params_of(catalog: Catalog, kind: str, name: str | None) -> frozenset[str]:
    """The names of a plugin's params; empty when there is no such plugin."""
    if name is None or name not in catalog.names(kind):
        return frozenset()
    try:
        return frozenset(catalog.load(kind, name).params.__struct_fields__)
    except PluginError:
        return frozenset()


def _chosen_type(root: Node, position: KeyPath) -> str | None:
    chosen = root.at((*position, "type"))
    return chosen.value if chosen is not None and isinstance(chosen.value, str) else None


def _add_properties(index: dict[str, list[KeyPath]], schema: Mapping[str, Any], path: KeyPath, defs: Mapping[str, Any]) -> None:
    for branch in schema.get("anyOf", ()):
        _add_properties(index, branch, path, defs)
    if "$ref" in schema:
        _add_properties(index, defs[schema["$ref"].rsplit("/", 1)[-1]], path, defs)
    for name, below in schema.get("properties", {}).items():
        if name != "type" and name not in _shared_keys(path):
            index.setdefault(name, []).append((*path, name))
        _add_properties(index, below, (*path, name), defs)


def _shared_keys(path: KeyPath) -> frozenset[str]:
    """Keys of a searched-through section that say nothing about where a stray key belongs."""
    return frozenset(KINDS["tuner"].owned_keys) if path == ("tuner",) else frozenset()
