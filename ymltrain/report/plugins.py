"""Installed plugins as tables and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ymltrain.authoring import WrittenDistribution
from ymltrain.catalog.entry import BrokenPlugin, LoadedPlugin, PluginEntry
from ymltrain.kinds.violations import expected_words
from ymltrain.report.console import draw, say, tell


def entry_as_json(entry: PluginEntry) -> dict[str, Any]:
    """A plugin that is listed."""
    return {"kind": entry.kind, "name": entry.name, **msgspec.to_builtins(entry.source)}


def plugin_as_json(plugin: LoadedPlugin) -> dict[str, Any]:
    """A plugin that is shown: also its summary and the schema of its params."""
    return {**entry_as_json(plugin.entry), "summary": plugin.summary, "params": plugin.schema()}


def show_entries(entries: Sequence[PluginEntry]) -> None:
    """All plugins with what brings them."""
    from rich.table import Table

    table = Table("kind", "name", "distribution", "version", box=None, pad_edge=False)
    for entry in entries:
        table.add_row(entry.kind, entry.name, entry.source.distribution, entry.source.version)
    draw(table)


def checked_as_json(plugin: LoadedPlugin | BrokenPlugin) -> dict[str, Any]:
    """A plugin that was loaded to see whether it can be, with what is wrong with it."""
    error = plugin.error if isinstance(plugin, BrokenPlugin) else None
    problem = None if error is None else {"code": error.code, "message": error.message, "hint": error.hint}
    return {**entry_as_json(plugin.entry), "ok": error is None, "problem": problem}


def show_checked(plugins: Sequence[LoadedPlugin | BrokenPlugin]) -> None:
    """All plugins with what brings them and whether each can be loaded; then what is wrong with those that cannot."""
    from rich.table import Table
    from rich.text import Text

    table = Table("kind", "name", "distribution", "version", "", box=None, pad_edge=False)
    for plugin in plugins:
        source = plugin.entry.source
        state = Text(f"broken: {plugin.error.code}", "red") if isinstance(plugin, BrokenPlugin) else Text("ok", "green")
        table.add_row(plugin.entry.kind, plugin.entry.name, source.distribution, source.version, state)
    draw(table)
    show_broken(plugins)


def show_broken(plugins: Iterable[LoadedPlugin | BrokenPlugin]) -> None:
    """What is wrong with each plugin that cannot be loaded, for people."""
    for plugin in plugins:
        if isinstance(plugin, BrokenPlugin):
            say((f"broken[{plugin.error.code}]", "bold red"), f" {plugin.error.message}")
            say(("hint:", "bold"), f" {plugin.error.hint}")


def show_plugin(plugin: LoadedPlugin) -> None:
    """What a plugin does and takes."""
    from rich.table import Table

    entry = plugin.entry
    tell((f"{entry.kind} {entry.name}", "bold"))
    tell(plugin.summary)
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


def distribution_as_json(written: WrittenDistribution) -> dict[str, Any]:
    """A distribution that was begun."""
    names = written.names
    shown = {"kind": names.kind, "name": names.name, "distribution": names.distribution, "package": names.package}
    return {**shown, "folder": str(written.folder), "files": list(written.files)}


def show_distribution(written: WrittenDistribution) -> None:
    """A distribution that was begun: its files, and what to do next."""
    tell((f"{written.names.kind} {written.names.name}", "bold"), f" in {written.folder}")
    for file in written.files:
        tell(f"  {file}")
    say("next: ", (f"pip install -e {written.folder}", "bold"), "  then  ", (f"pytest {written.folder}", "bold"))
