"""Where in a text something is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Source:
    """A text that was read: a recipe file, or one override of the command line.

    `name` is how a person knows it (a path as they gave it); relative paths written in it are relative
    to `folder`.
    """

    name: str
    text: str = field(repr=False)
    folder: str = "."

    def line(self, number: int) -> str:
        """The line with this number (from 1), without its line break; empty past the end."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.splitlines()


@dataclass(frozen=True)
class Span:
    """A stretch of a source. Lines and columns count from 1; the end is exclusive."""

    source: Source
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"
