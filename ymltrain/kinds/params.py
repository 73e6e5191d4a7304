"""Params: the frozen struct from which a plugin's JSON Schema, its docs and its type derive."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

PLUGIN_MARK = "__ymltrain_plugin__"

T = TypeVar("T")
P = TypeVar("P", bound="Params")


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a recipe may write beside `type:`. Subclass it with `frozen=True, kw_only=True`."""


class NoParams(Params, frozen=True, kw_only=True):
    """For a plugin that takes no params."""


DataPath = Annotated[
    str,
    Meta(
        min_length=1,
        description="Path of a file, a folder or a pattern such as part-*, relative to the file that writes it; or a URL.",
        extra_json_schema={"format": "data-path"},
    ),
]
"""A path param: relative to the recipe when written, to the workspace in a Plan, absolute in a plugin."""


@dataclass(frozen=True)
class PluginMark:
    """What `@plugin` writes on an implementation: which kind and name it is, and its params."""

    kind: str
    name: str
    params: type[Params]


def plugin(kind: str, name: str, *, params: type[Params] = NoParams) -> Callable[[T], T]:
    """Mark a class or module-level object as the plugin `name` of `kind`.

    It wraps and registers nothing: an entry point (or `--plugin FILE`) makes it known.
    """

    def mark(implementation: T) -> T:
        setattr(implementation, PLUGIN_MARK, PluginMark(kind, name, params))
        return implementation

    return mark


def params_schema(params: type[Params]) -> dict[str, Any]:
    """The JSON Schema of a params struct: one self-contained object schema, unknown keys forbidden."""
    schema: dict[str, Any] = msgspec.json.decode(_encoded_schema(params))
    return schema


@lru_cache(maxsize=1024)
def _encoded_schema(params: type[Params]) -> bytes:
    """Made once a struct; as text, so that no caller can change another one's."""
    (root,), definitions = msgspec.json.schema_components([params])
    name = root["$ref"].rsplit("/", 1)[-1]
    schema = dict(definitions.pop(name))
    if definitions:
        schema["$defs"] = definitions
    return msgspec.json.encode(schema)


def path_params(params: type[Params]) -> list[str]:
    """The names of the params that are paths of data."""
    return [name for name, schema in params_schema(params)["properties"].items() if schema.get("format") == "data-path"]


def absolute_paths(params: P, workspace: Path) -> P:
    """The same params with paths of data taken from the workspace; URLs stay as they are."""
    paths = {name: str(getattr(params, name)) for name in path_params(type(params))}
    absolute = {name: os.path.normpath(workspace / path) for name, path in paths.items() if "://" not in path}
    return msgspec.structs.replace(params, **absolute)
