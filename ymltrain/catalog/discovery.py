"""Which plugins there are: those that installed distributions offer, and those in files given on the command line.

Only metadata is read. A distribution whose metadata cannot be read offers nothing and hides no other.
"""

from __future__ import annotations

from functools import partial
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path

from ymltrain.catalog.entry import PluginEntry
from ymltrain.catalog.files import load_plugin_file
from ymltrain.kinds import KINDS
from ymltrain.kinds.api_version import API_GROUP, versions_built_for
from ymltrain.plan.plan import PluginSource

GROUP_PREFIX = "ymltrain."


def plugins_of_distributions() -> list[PluginEntry]:
    """The plugins of each distribution; where a name is on the path twice, of the one that is imported."""
    found: dict[str, list[PluginEntry]] = {}
    for distribution in distributions():
        name, entries = _offered(distribution)
        if entries:
            found.setdefault(name, entries)
    return [entry for entries in found.values() for entry in entries]


def plugins_of_file(path: Path) -> list[PluginEntry]:
    """The plugins in a Python file, which is run. Raises PluginError."""
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


def _offered(distribution: Distribution) -> tuple[str, list[PluginEntry]]:
    try:
        points = list(distribution.entry_points)
    except (ValueError, TypeError, AttributeError, OSError):  # not of the form that the standard gives them
        return "", []
    ours = [point for point in points if _kind_of(point) in KINDS]
    if not ours:
        return "", []
    name, version = _name_and_version(distribution)
    built_for = versions_built_for(point.name for point in points if point.group == API_GROUP)
    return name, [
        PluginEntry(
            _kind_of(point),
            point.name,
            PluginSource(distribution=name, version=version, entry=point.value),
            point.load,
            built_for,
        )
        for point in ours
    ]


def _name_and_version(distribution: Distribution) -> tuple[str, str]:
    """What its metadata says, as far as it says it: where the backport `importlib_metadata` is imported, a missing one raises."""
    try:
        metadata = distribution.metadata  # parsed anew at each access
        said = {key: str(metadata[key] or "") for key in ("Name", "Version") if key in metadata}
    except (ValueError, TypeError, AttributeError, OSError, LookupError):
        said = {}
    return said.get("Name") or "a distribution without a name", said.get("Version", "")


def _kind_of(point: EntryPoint) -> str:
    return point.group.removeprefix(GROUP_PREFIX) if point.group.startswith(GROUP_PREFIX) else ""


def _given(implementation: object) -> object:
    return implementation
