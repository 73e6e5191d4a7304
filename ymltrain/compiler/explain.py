"""Where a value of a recipe comes from: which file, profile, override, variable or default."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ymltrain.compiler.graph import PluginGraph
from ymltrain.compiler.make_plan import resolved_recipe
from ymltrain.diagnostics import KeyPath, UsageError, did_you_mean
from ymltrain.recipe.document import Node, Origin, plain
from ymltrain.recipe.key_path import KeyPathError, format_key_path, parse_key_path

_BRACKETS = re.compile(r"\[([0-9]+)\]")


@dataclass(frozen=True)
class Setting:
    """One value that some layer gave to a key.

    `file` is "command line" for overrides; for a default the model that proposed it, "model NAME", or None; that has no line.
    """

    value: Any
    origin: Origin
    file: str | None
    line: int | None


@dataclass(frozen=True)
class Explanation:
    """The value at a key path, and the values of lower layers that it overrides, the nearest first."""

    key_path: str
    setting: Setting
    overridden: tuple[Setting, ...]


def explain(graph: PluginGraph, key_path: str) -> Explanation:
    """Explain the value at a key path. Raises UsageError when the recipe has none there."""
    path, value = _find(resolved_recipe(graph), key_path)
    node = graph.root.at(path)
    if node is None:
        return Explanation(format_key_path(path), Setting(value, Origin.DEFAULT, None, None), ())
    return Explanation(
        format_key_path(path), _setting(node, value), tuple(_setting(below, plain(below)) for below in node.replaced)
    )


def origins(graph: PluginGraph) -> list[tuple[str, Setting]]:
    """Every single value of the resolved recipe with its origin, in the recipe's order."""
    found: list[tuple[str, Setting]] = []

    def walk(value: Any, path: tuple[str | int, ...]) -> None:
        node = graph.root.at(path)
        if isinstance(value, dict) and value:
            for key, entry in value.items():
                walk(entry, (*path, key))
        elif isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
            for index, entry in enumerate(value):
                walk(entry, (*path, index))
        else:
            default = Setting(value, Origin.DEFAULT, None, None)
            found.append((format_key_path(path), _setting(node, value) if node is not None else default))

    walk(resolved_recipe(graph), ())
    return found


def _setting(node: Node, value: Any) -> Setting:
    line = None if node.origin is Origin.DEFAULT else node.span.line  # a model's proposal stands in no file
    return Setting(value, node.origin, node.span.source.name, line)


def _find(resolved: dict[str, Any], key_path: str) -> tuple[KeyPath, Any]:
    """The key path and the value there; entries of lists may stand in brackets, as key paths are shown, or after a dot."""
    path: KeyPath = ()
    value: Any = resolved
    for key in _keys(resolved, key_path):
        if isinstance(value, dict) and key in value:
            path, value = (*path, key), value[key]
        elif isinstance(value, list | tuple) and key.isdecimal() and int(key) < len(value):
            path, value = (*path, int(key)), value[int(key)]
        else:
            where = format_key_path(path) or "the recipe"
            known = [str(name) for name in (value if isinstance(value, dict) else range(_length(value)))]
            raise UsageError("YT804", f'the recipe has no "{key_path}": {where} has no "{key}"', did_you_mean(key, known))
    return path, value


def _keys(resolved: dict[str, Any], key_path: str) -> tuple[str, ...]:
    try:
        keys = parse_key_path(key_path)
        above: Any = resolved
        for key in keys:
            if not isinstance(above, dict) or key not in above:
                return parse_key_path(_BRACKETS.sub(r".\1", key_path))
            above = above[key]
    except KeyPathError as error:
        raise UsageError("YT803", f'"{key_path}" is not a key path: {error}', "like optimizer.lr") from None
    return keys


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list | tuple) else 0
