"""Installed plugins as tables and as JSON."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from ymltrain.catalog.catalog import LoadedPlugin, PluginEntry
from ymltrain.kinds.violations import expected_words
from ymltrain.report.console import draw, tell


def entry_as_json(entry: PluginEntry) -> dict[str, Any]:
    """A plugin that is listed."""
    return {"kind": entry.kind, "name": entry.name, **msgspec.to_builtins(entry.source)}


def plugin_as_json(plugin: LoadedPlugin) -> dict[str, Any]:
    """A plugin that is shown: also its summary and the schema of its params."""
    return {**entry_as_json(plugin.entry), "summary": _summary(plugin), "params": plugin.schema()}


def show_entries(entries: Sequence[PluginEntry]) -> None:
    """All plugins with what brings them."""
    from rich.table import Table

    table = Table("kind", "name", "distribution", "version", box=None, pad_edge=False)
    for entry in entries:
        table.add_row(entry.kind, entry.name, entry.source.distribution, entry.source.version)
    draw(table)


def show_plugin(plugin: LoadedPlugin) -> None:
    """What a plugin does and takes."""
    from rich.table import Table

    entry = plugin.entry
    tell((f"{entry.kind} {entry.name}", "bold"))
    tell(_summary(plugin))
    tell((f"from {entry.source.distribution} {entry.source.version} ({entry.source.entry})", "dim"))
    schema = plugin.schema()
    if not schema.get("properties"):
        tell("takes no params")
        return
    table = Table("param", "takes", "default", "", box=None, pad_edge=False)
    for name, param in schema["properties"].items():
        default = "required" if name in schema.get("required", ()) else json.dumps(param.get("default"))
        table.add_row(name, expected_words(param), default, param.get("description", ""))
    draw(table)


def _summary(plugin: LoadedPlugin) -> str:
    text = inspect.getdoc(plugin.implementation) or inspect.getdoc(inspect.getmodule(plugin.implementation)) or ""
    return text.split("\n\n")[0].replace("\n", " ")
