"""Versions of the plugin API: what a distribution was built for, and whether this ymltrain still keeps it.

A distribution says so in its metadata, so that it can be asked before any of its code is imported:

    [project.entry-points."ymltrain.api"]
    v1 = "ymltrain.api"

one line for each version it was built for. One that says nothing was built for the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

API_VERSION = 1
"""The version of the contracts as they are now. It grows when a plugin that kept those of a release would break."""

CHANGED_IN: Mapping[str, int] = MappingProxyType({})
"""Kind → the version in which its contract last broke; the first for one that is not here."""

API_GROUP = "ymltrain.api"

_NAME = re.compile(r"v([1-9][0-9]{0,5})")


def kept_versions(kind: str, current: int = API_VERSION, changed_in: Mapping[str, int] = CHANGED_IN) -> frozenset[int]:
    """The versions whose plugins of this kind run here: those since its contract last broke, whatever became of others."""
    return frozenset(range(changed_in.get(kind, 1), current + 1))


def versions_built_for(names: Iterable[str]) -> frozenset[int] | None:
    """The versions that the entry points of API_GROUP name; None when one of them is no version."""
    found = [_NAME.fullmatch(name) for name in names]
    if not all(found):
        return None
    return frozenset(int(match[1]) for match in found if match is not None) or frozenset({1})
