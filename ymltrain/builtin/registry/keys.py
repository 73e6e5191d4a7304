"""The rule for keys, which every storage asks before it touches anything."""

from __future__ import annotations

import re

from ymltrain.api import RegistryError, path_problem

PLAIN = re.compile(r"[0-9a-f]{4,64}(\.json)?")
"""Names that are certainly safe: digits of digests and of events. Most names are, and the whole rule takes long."""


def check_key(key: str) -> None:
    """Raise RegistryError unless this is a safe key."""
    problem = path_problem(key)
    if problem is not None:
        raise RegistryError("YT951", f"unsafe registry key: {key!r} {problem}", "a key is a relative path of plain segments")


def is_key(path: str) -> bool:
    """Whether a stored path is a key of ours, and no stranger's or unfinished file."""
    return all(PLAIN.fullmatch(segment) or path_problem(segment) is None for segment in path.split("/"))
