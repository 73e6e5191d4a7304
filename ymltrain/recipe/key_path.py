"""Key paths as text: `optimizer.lr`, `features."Sepal.Length".type`."""

from __future__ import annotations

import re
from functools import lru_cache

from ymltrain.diagnostics import KeyPath

_SEGMENT = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^.="'\s][^.=]*?))\s*(?:(\.)|(=)|$)""")
_PLAIN = re.compile(r"[^.=\"'\s](?:[^.=\"']*[^.=\"'\s])?")


class KeyPathError(ValueError):
    """A text that is not a key path; `position` (from 0) is where it stops being one."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def split_key_path(text: str) -> tuple[list[tuple[str, int, int]], int | None]:
    """The segments of a key path with their start and end, and where a value after `=` starts (or None).

    Raises KeyPathError.
    """
    segments: list[tuple[str, int, int]] = []
    position = 0
    while True:
        match = _SEGMENT.match(text, position)
        if match is None:
            raise KeyPathError("expected a key here; a name with a dot or an equals sign stands in quotes", position)
        group = next(number for number in (1, 2, 3) if match.group(number) is not None)
        name = match.group(group)
        segments.append((re.sub(r"\\(.)", r"\1", name) if group == 1 else name, *match.span(group)))
        position = match.end()
        if match.group(5):
            return segments, position
        if not match.group(4):
            return segments, None


def parse_key_path(text: str) -> tuple[str, ...]:
    """The keys of a dotted key path. Raises KeyPathError."""
    segments, value_start = split_key_path(text)
    if value_start is not None:
        raise KeyPathError("a key path holds no equals sign", value_start - 1)
    return tuple(name for name, _, _ in segments)


def format_key_path(path: KeyPath) -> str:
    """A key path as a person writes it; names that need quotes get them, list positions stand in brackets."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
            continue
        name = format_key(key)
        text += f".{name}" if text else name
    return text


@lru_cache(maxsize=4_096)
def format_key(key: str) -> str:
    """One key as it stands in a key path."""
    return key if _PLAIN.fullmatch(key) else '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
