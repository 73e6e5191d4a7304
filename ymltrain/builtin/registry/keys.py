"""The rule for keys, which every storage asks before it touches anything."""

from __future__ import annotations

import re
from functools import lru_cache

from ymltrain.api import RegistryError, path_problem

PLAIN = re.compile(r"[0-9a-f]{4,64}(\.json)?")
"""Names that are certainly safe: digits of digests and of events. Most names are, and the whole rule takes long."""
LONGEST_PLAIN = 512


def check_key(key: str) -> None:
    """Raise RegistryError unless this is a safe key."""
    if len(key) > LONGEST_PLAIN or not is_key(key):
        problem = path_problem(key)
        if problem is not None:
            hint = "a key is a relative path of plain segments"
            raise RegistryError("YT951", f"unsafe registry key: {key!r} {problem}", hint)


def is_key(path: str) -> bool:
    """Whether a stored path is a key of ours, and no stranger's or unfinished file."""
    folder, slash, name = path.rpartition("/")
    return (not slash or _is_safe_folder(folder)) and (PLAIN.fullmatch(name) is not None or _is_safe(name))


@lru_cache(maxsize=4096)
def _is_safe_folder(folder: str) -> bool:
    return all(map(_is_safe, folder.split("/")))


@lru_cache(maxsize=4096)
def _is_safe(segment: str) -> bool:
    return path_problem(segment) is None
