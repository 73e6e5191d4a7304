"""The catalog: what is installed, by kind and name. Names are listed without importing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ymltrain.catalog.discovery import plugins_of_distributions, plugins_of_file
from ymltrain.catalog.entry import BrokenPlugin, LoadedPlugin, PluginEntry
from ymltrain.catalog.known import DISTRIBUTIONS, NOT_YET
from ymltrain.catalog.load import load_plugin
from ymltrain.diagnostics import PluginError, did_you_mean
from ymltrain.kinds import KINDS
from ymltrain.plan.plan import PlanNode, PluginSource
from ymltrain.plan.secrets import resolve_secrets


class Catalog:
    """The installed plugins."""

    def __init__(self, entries: Iterable[PluginEntry]) -> None:
        self._entries: dict[tuple[str, str], list[PluginEntry]] = {}
        self._loaded: dict[tuple[str, str], LoadedPlugin] = {}
        self.plugin_files: tuple[Path, ...] = ()
        for entry in entries:
            same_name = self._entries.setdefault((entry.kind, entry.name), [])
            if entry.source not in [other.source for other in same_name]:
                same_name.append(entry)

    @classmethod
    def installed(cls, plugin_files: Sequence[Path] = ()) -> Catalog:
        """The plugins that installed distributions offer through entry points, and those of the given files."""
        catalog = cls([*plugins_of_distributions(), *(entry for path in plugin_files for entry in plugins_of_file(path))])
        catalog.plugin_files = tuple(plugin_files)
        return catalog

    def names(self, kind: str) -> list[str]:
        """The names of all plugins of a kind, sorted."""
        return sorted(name for entry_kind, name in self._entries if entry_kind == kind)

    def entries(self) -> list[PluginEntry]:
        """All plugins, by kind and name."""
        order = list(KINDS)
        return sorted((entry for same in self._entries.values() for entry in same), key=lambda e: (order.index(e.kind), e.name))

    def only(self, distribution: str) -> Catalog:
        """The plugins that one distribution brings."""
        return Catalog(entry for entry in self.entries() if entry.source.distribution == distribution)

    def find(self, kind: str, name: str) -> PluginEntry:
        """The entry of a plugin. Raises PluginError when none, or more than one distribution, offers it."""
        found = self._entries.get((kind, name), [])
        if len(found) == 1:
            return found[0]
        if found:
            origins = ", ".join(f"{entry.source.distribution} {entry.source.version}" for entry in found)
            raise PluginError("YT505", f'{kind} "{name}" is offered by several distributions: {origins}', "uninstall all but one")
        message, hint = self.explain_absence(kind, name)
        raise PluginError("YT504", message, hint)

    def explain_absence(self, kind: str, name: str) -> tuple[str, str]:
        """Why there is no such plugin, and what to do: a message and a hint."""
        distribution = DISTRIBUTIONS.get((kind, name))
        if distribution is not None:
            return f'{kind} "{name}" is not installed', f"it comes with another distribution: pip install {distribution}"
        if (kind, name) in NOT_YET:
            here = ", ".join(self.names(kind))
            hint = f"this version has: {here}" if here else f"leave it out; this version brings no {kind}"
            return f'{kind} "{name}" is not part of this version of ymltrain', hint
        known = [*self.names(kind), *(other for other_kind, other in DISTRIBUTIONS if other_kind == kind)]
        return f'there is no {kind} "{name}"', did_you_mean(name, known) or f"this version has no {kind} plugins"

    def load(self, kind: str, name: str) -> LoadedPlugin:
        """Import a plugin and check its contract. Raises PluginError."""
        if (kind, name) not in self._loaded:
            self._loaded[kind, name] = load_plugin(self.find(kind, name))
        return self._loaded[kind, name]

    def load_all(self, kind: str | None = None) -> Iterator[LoadedPlugin | BrokenPlugin]:
        """Each plugin (of a kind): loaded, or what is wrong with it, which says nothing of any other."""
        for entry in self.entries():
            if kind in (None, entry.kind):
                try:
                    yield self.load(entry.kind, entry.name)
                except PluginError as error:
                    yield BrokenPlugin(entry, error)

    def build(self, node: PlanNode, environment: Mapping[str, str], adjust: Callable[[Any], Any] | None = None) -> Any:
        """The implementation of a plan's node, constructed with its params.

        Secrets are read from the environment here; `adjust` may change the params for this machine (paths). Raises
        PluginError when what is installed is not what the plan was made with.
        """
        loaded = self.load(node.kind, node.type)
        _check_same(node, loaded.entry.source)
        try:
            params = msgspec.convert(resolve_secrets(node.params, environment), loaded.params)
        except msgspec.ValidationError as error:
            message = f'the params of {node.kind} "{node.type}" do not fit the installed plugin: {error}'
            raise PluginError("YT510", message, "install the version that they were written with, or make the plan again") from None
        return loaded.implementation(params if adjust is None else adjust(params))


def _check_same(node: PlanNode, installed: PluginSource) -> None:
    planned = node.plugin
    if planned.digest is not None and planned.digest != installed.digest:
        message = f'the plan was made with {node.kind} "{node.type}" from {planned.entry} ({planned.digest[:19]}…)'
        raise PluginError("YT508", message + "; the file given has another content", "give the same file with --plugin")
    if (planned.distribution, planned.version) != (installed.distribution, installed.version):
        was, now = f"{planned.distribution} {planned.version}", f"{installed.distribution} {installed.version}"
        message = f'the plan was made with {node.kind} "{node.type}" of {was}; {now} is installed'
        raise PluginError("YT509", message, "make the plan again, or install what it was made with")
