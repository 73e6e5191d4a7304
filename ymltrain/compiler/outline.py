"""A recipe that is still being written: which keys it may have where, and which values, with no word about mistakes.

What cannot be read, parsed or loaded adds nothing. No data is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ymltrain.catalog.catalog import Catalog
from ymltrain.compiler.passes import apply_overrides, expand_short_forms, parse_syntax, read_recipe
from ymltrain.compiler.request import Request
from ymltrain.diagnostics import KeyPath, PluginError, Span
from ymltrain.kinds import KINDS
from ymltrain.recipe.compose import compose
from ymltrain.recipe.document import Node
from ymltrain.recipe.envelope import envelope_schema
from ymltrain.recipe.grammar import DEFAULT_TYPES, SECTIONS, is_column, is_list, plugin_kind_at
from ymltrain.recipe.merge import Merge

WORDS = {"strategy": ("auto",), "launcher": ("local",)}
"""What may be written where a plugin is chosen, and is none."""

HERE_ONLY = frozenset({"recipe", "extends", "profiles"})
"""Sections that stand in files alone."""


@dataclass(frozen=True)
class Key:
    """A key that may stand somewhere; `is_open` when keys stand below it, `is_set` when a value may stand right at it."""

    name: str
    description: str = ""
    is_open: bool = False
    is_set: bool = True


class Outline:
    """The keys and values of one recipe, by key path, for the plugins that it chooses so far."""

    def __init__(self, root: Node | None, catalog: Catalog) -> None:
        self._root = root
        self._catalog = catalog
        self._schema = envelope_schema()

    @classmethod
    def of(cls, request: Request) -> Outline:
        """The outline of a recipe with its profile and overrides laid over it, as far as each can be read."""
        root = _composed(request)
        laid = apply_overrides(root, request) if root is not None else None
        return cls(laid or root, request.catalog)

    def keys(self, path: KeyPath) -> list[Key]:
        """The keys that may stand below a key path."""
        if path == ("features",):
            columns = self._root.at(path) if self._root is not None else None
            return [Key(name, "a column", is_open=True) for name in (columns.mapping if columns is not None else {})]
        found = self._properties(path)
        names = [name for name in SECTIONS if name in found and name not in HERE_ONLY] if not path else list(found)
        return [self._key((*path, name), found[name]) for name in names]

    def values(self, path: KeyPath) -> list[str]:
        """The words that may stand at a key path, where they can be told."""
        kind = plugin_kind_at((*path, 0) if is_list(path) else path[:-1] if path[-1:] == ("type",) else path)
        if kind is not None:
            return [*WORDS.get(kind, ()), *self._catalog.names(kind)]
        if is_column(path):
            path = (*path, "type")
        schema = self._properties(path[:-1]).get(str(path[-1])) if path else None
        return list(dict.fromkeys(_words(schema, self._schema["$defs"]))) if schema is not None else []

    def _key(self, path: KeyPath, schema: Mapping[str, Any]) -> Key:
        kind = plugin_kind_at(path)
        is_open = kind is not None or (bool(self._properties(path)) and not is_list(path)) or path == ("features",)
        described = (str(branch.get("description", "")) for branch in reversed(list(self._branches(schema))))
        description = next(filter(None, described), f"The {kind}: {KINDS[kind].summary}." if kind else "")
        return Key(str(path[-1]), description, is_open, is_set=kind is not None or not is_open or "anyOf" in schema)

    def _properties(self, path: KeyPath) -> Mapping[str, Any]:
        """Name → schema of all keys below a key path."""
        own: dict[str, Any] = {}
        kind = plugin_kind_at(path)
        if kind is not None:
            own = {"type": {"type": "string", "description": f"Which {kind}."}, **self._params(kind, path)}
        if path and path[0] == "features" and len(path) > 1:
            path = ("features", "*", *path[2:])
        schemas: list[Mapping[str, Any]] = [self._schema]
        for key in path:
            schemas = [below for schema in schemas for below in self._below(schema, key)]
        for schema in schemas:
            for branch in self._branches(schema):
                own = {**branch.get("properties", {}), **own}
        return own

    def _below(self, schema: Mapping[str, Any], key: str | int) -> Iterator[Mapping[str, Any]]:
        for branch in self._branches(schema):
            if key == "*" and isinstance(branch.get("additionalProperties"), dict):
                yield branch["additionalProperties"]
            if key in branch.get("properties", {}):
                yield branch["properties"][key]

    def _branches(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """A schema's alternatives, references followed."""
        if "$ref" in schema:
            yield from self._branches(self._schema["$defs"][schema["$ref"].rsplit("/", 1)[-1]])
        for branch in schema.get("anyOf", ()):
            yield from self._branches(branch)
        yield schema

    def _params(self, kind: str, path: KeyPath) -> Mapping[str, Any]:
        chosen = self._root.at((*path, "type")) if self._root is not None else None
        name = chosen.value if chosen is not None else DEFAULT_TYPES.get(kind)
        try:
            return self._catalog.load(kind, str(name)).schema()["properties"] if name is not None else {}
        except PluginError:
            return {}


def profile_names(request: Request) -> list[str]:
    """The profiles of a recipe and of what it extends."""
    root = _composed(request)
    profiles = root.at(("profiles",)) if root is not None else None
    return list(profiles.mapping) if profiles is not None else []


def _composed(request: Request) -> Node | None:
    """Passes 1 to 4 with nothing in between; of `profiles` those are left that were not chosen."""
    text = read_recipe(request.recipe, request)
    root = parse_syntax(text, request) if text is not None else None
    if root is None:
        return None

    def load(path: Path, asked_by: Span) -> Node | None:
        del asked_by
        below_text = read_recipe(path, request)
        below = parse_syntax(below_text, request) if below_text is not None else None
        return expand_short_forms(below, request) if below is not None else None

    merge = Merge(lambda *_: frozenset(), request.diagnostics)
    return compose(expand_short_forms(root, request), load, request.profile, merge, request.diagnostics)


def _words(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        yield from _words(definitions.get(schema["$ref"].rsplit("/", 1)[-1], {}), definitions)
    for branch in schema.get("anyOf", ()):
        yield from _words(branch, definitions)
    for value in schema.get("enum", [schema["const"]] if "const" in schema else ()):
        if isinstance(value, str):
            yield value
    if schema.get("type") == "boolean":
        yield from ("true", "false")
