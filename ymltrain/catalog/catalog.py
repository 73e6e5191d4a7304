"""The catalog: what is installed, by kind and name. Names are listed without importing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from typing import Any

import msgspec

from ymltrain.catalog.files import load_plugin_file
from ymltrain.catalog.known import DISTRIBUTIONS, NOT_YET
from ymltrain.diagnostics import PluginError, did_you_mean
from ymltrain.kinds import KINDS, Params, PluginMark, params_schema
from ymltrain.kinds.params import PLUGIN_MARK
from ymltrain.plan.plan import PlanNode, PluginSource
from ymltrain.plan.secrets import resolve_secrets

GROUP_PREFIX = "ymltrain."


@dataclass(frozen=True)
class PluginEntry:
    """An installed plugin that has not been imported."""

    kind: str
    name: str
    source: PluginSource
    load: Callable[[], Any] = field(repr=False, compare=False)


@dataclass(frozen=True)
class LoadedPlugin:
    """A plugin whose implementation has been imported and found to keep its kind's contract."""

    entry: PluginEntry
    implementation: Any
    params: type[Params]

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its params."""
        return params_schema(self.params)


class Catalog:
    """The installed plugins."""

    def __init__(self, entries: Iterable[PluginEntry]) -> None:
        self._entries: dict[tuple[str, str], list[PluginEntry]] = {}
        self._loaded: dict[tuple[str, str], LoadedPlugin] = {}
        for entry in entries:
            same_name = self._entries.setdefault((entry.kind, entry.name), [])
            if entry.source not in [other.source for other in same_name]:
                same_name.append(entry)

    @classmethod
    def installed(cls, plugin_files: Sequence[Path] = ()) -> Catalog:
        """The plugins that installed distributions offer through entry points, and those of the given files."""
        return cls([*_from_distributions(), *(entry for path in plugin_files for entry in _from_file(path))])

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
            self._loaded[kind, name] = _load(self.find(kind, name))
        return self._loaded[kind, name]

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


def _kind_of(point: EntryPoint) -> str:
    return point.group.removeprefix(GROUP_PREFIX) if point.group.startswith(GROUP_PREFIX) else ""


def _from_distributions() -> list[PluginEntry]:
    """The plugins of each distribution, where a name is on the path twice of the one that is imported."""
    found: dict[str, list[PluginEntry]] = {}
    for distribution in distributions():
        points = [point for point in distribution.entry_points if _kind_of(point) in KINDS]
        if points:
            metadata = distribution.metadata  # parsed anew at each access
            name, version = metadata["Name"], metadata["Version"]
            found.setdefault(name, [_from_entry_point(point, name, version) for point in points])
    return [entry for entries in found.values() for entry in entries]


def _from_entry_point(point: EntryPoint, distribution: str, version: str) -> PluginEntry:
    source = PluginSource(distribution=distribution, version=version, entry=point.value)
    return PluginEntry(_kind_of(point), point.name, source, point.load)


def _from_file(path: Path) -> list[PluginEntry]:
    digest, found = load_plugin_file(path)
    return [
        PluginEntry(
            mark.kind,
            mark.name,
            PluginSource(distribution=f"file {path.name}", version="", entry=f"{path.name}:{name}", digest=digest),
            partial(_given, implementation),
        )
        for mark, name, implementation in found
    ]


def _given(implementation: object) -> object:
    return implementation


def _load(entry: PluginEntry) -> LoadedPlugin:
    """Import one plugin; whatever is wrong with it is said with its distribution's name."""
    whose = f'{entry.kind} "{entry.name}" of {entry.source.distribution} {entry.source.version}'.rstrip()
    try:
        implementation = entry.load()
    except Exception as error:
        message = f"{whose} cannot be imported: {type(error).__name__}: {error}"
        raise PluginError("YT506", message, f"reinstall or update {entry.source.distribution}") from error
    problem = _contract_problem(entry, implementation)
    if problem is not None:
        raise PluginError("YT507", f"{whose} breaks its contract: {problem}", f"tell the authors of {entry.source.distribution}")
    mark: PluginMark = getattr(implementation, PLUGIN_MARK)
    return LoadedPlugin(entry, implementation, mark.params)


def _contract_problem(entry: PluginEntry, implementation: Any) -> str | None:
    mark = getattr(implementation, PLUGIN_MARK, None)
    if not isinstance(mark, PluginMark):
        return f"{entry.source.entry} is not marked with @plugin"
    if (mark.kind, mark.name) != (entry.kind, entry.name):
        return f'it is marked as {mark.kind} "{mark.name}"'
    kind = KINDS[entry.kind]
    missing = [member for member in kind.members if not hasattr(implementation, member)]
    if missing:
        return f"it has no {', '.join(missing)}"
    owned = sorted(set(mark.params.__struct_fields__) & set(kind.owned_keys))
    if owned:
        return f"its params are named {', '.join(owned)}, which a {entry.kind} node keeps for itself"
    return None


def _check_same(node: PlanNode, installed: PluginSource) -> None:
    planned = node.plugin
    if planned.digest is not None and planned.digest != installed.digest:
        message = f'the plan was made with {node.kind} "{node.type}" from {planned.entry} ({planned.digest[:19]}…)'
        raise PluginError("YT508", message + "; the file given has another content", "give the same file with --plugin")
    if (planned.distribution, planned.version) != (installed.distribution, installed.version):
        was, now = f"{planned.distribution} {planned.version}", f"{installed.distribution} {installed.version}"
        message = f'the plan was made with {node.kind} "{node.type}" of {was}; {now} is installed'
        raise PluginError("YT509", message, "make the plan again, or install what it was made with")
