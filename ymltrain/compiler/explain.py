"""Where a value of a recipe comes from: which file, profile, override, variable or default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ymltrain.compiler.graph import PluginGraph
from ymltrain.compiler.make_plan import resolved_recipe
from ymltrain.diagnostics import UsageError, did_you_mean
from ymltrain.recipe.document import Node, Origin, plain
from ymltrain.recipe.key_path import KeyPathError, format_key_path, parse_key_path


@dataclass(frozen=True)
class Setting:
    """One value that some layer gave to a key. `file` is "command line" for overrides, None for defaults."""

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
    try:
        path: tuple[str | int, ...] = tuple(_index(key) for key in parse_key_path(key_path))
    except KeyPathError as error:
        raise UsageError("YT803", f'"{key_path}" is not a key path: {error}', "like optimizer.lr") from None
    resolved = resolved_recipe(graph)
    value = _value_at(resolved, path, key_path)
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
    return Setting(value, node.origin, node.span.source.name, node.span.line)


def _index(key: str) -> str | int:
    return int(key) if key.isdigit() else key


def _value_at(resolved: dict[str, Any], path: tuple[str | int, ...], key_path: str) -> Any:
    value: Any = resolved
    for depth, key in enumerate(path):
        if isinstance(value, dict) and str(key) in value:
            value = value[str(key)]
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            where = format_key_path(path[:depth]) or "the recipe"
            known = [
                str(name) for name in (value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0))
            ]
            raise UsageError("YT804", f'the recipe has no "{key_path}": {where} has no "{key}"', did_you_mean(str(key), known))
    return value
