"""One rule for relative paths that come from outside: keys of a registry, files of a bundle.

A safe path is made of segments joined by `/`; it means the same file on every system, and never one outside
its folder. It is judged once, as written: nothing decodes or normalises it afterwards.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path, PurePosixPath

from ymltrain.storage.atomic import TEMPORARY_PREFIX

LONGEST_PATH = 1024
LONGEST_SEGMENT = 255
FORBIDDEN = frozenset('\\:*?"<>|')
DEVICE_NAME = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)

Rule = tuple[Callable[[str], object], str]

PATH_RULES: tuple[Rule, ...] = (
    (lambda path: not path, "is empty"),
    (lambda path: not path.isprintable(), "holds an invisible character, or what is no valid Unicode"),
    (lambda path: len(path.encode()) > LONGEST_PATH, f"is longer than {LONGEST_PATH} bytes"),
    (lambda path: path.startswith("/"), "is absolute"),
    (lambda path: not FORBIDDEN.isdisjoint(path), 'holds one of \\ : * ? " < > |'),
    (lambda path: not unicodedata.is_normalized("NFC", path), "is not in Unicode normal form C"),
)
SEGMENT_RULES: tuple[Rule, ...] = (
    (lambda segment: not segment, "has an empty segment"),
    (lambda segment: segment in (".", ".."), 'has a segment "." or ".."'),
    (lambda segment: len(segment.encode()) > LONGEST_SEGMENT, f"has a segment longer than {LONGEST_SEGMENT} bytes"),
    (lambda segment: segment != segment.strip(" "), "has a segment that begins or ends with a space"),
    (lambda segment: segment.endswith("."), "has a segment that ends with a dot"),
    (
        lambda segment: segment.startswith(TEMPORARY_PREFIX),
        f'has a segment that begins with "{TEMPORARY_PREFIX}", our unfinished files',
    ),
    (DEVICE_NAME.fullmatch, "has a segment that is a device on Windows"),
)


def path_problem(path: str) -> str | None:
    """Why a relative path is not safe, in words that follow "it"; None when it is."""
    broken = (words for is_broken, words in PATH_RULES if is_broken(path))
    broken_by_segment = (words for segment in path.split("/") for is_broken, words in SEGMENT_RULES if is_broken(segment))
    return next(chain(broken, broken_by_segment), None)


def path_set_problem(paths: Iterable[str]) -> str | None:
    """Why paths, each safe by itself, cannot lie in one folder on every system; None when they can.

    Two collide when they differ in no more than letter case, or when one is a folder of the other.
    """
    seen: dict[str, str] = {}
    for path in sorted(paths):
        folded = path.casefold()
        if folded in seen:
            return f'"{seen[folded]}" and "{path}" are one file where letter case does not count'
        seen[folded] = path
    for folded, path in seen.items():
        for folder in PurePosixPath(folded).parents:
            if str(folder) in seen:
                return f'"{seen[str(folder)]}" would be a file and, for "{path}", a folder'
    return None


def inside(root: Path, relative: str) -> Path:
    """The file a safe path names below `root`. Raises ValueError when it is unsafe or a symbolic link leads out."""
    problem = path_problem(relative)
    if problem is not None:
        raise ValueError(f"{relative!r} {problem}")
    path = root / relative
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        raise ValueError(f"{relative!r} leads out of {root} through a symbolic link")
    return path
