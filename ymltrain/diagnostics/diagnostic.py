"""A diagnostic: one mistake (or warning), named where it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ymltrain.diagnostics.span import Span

MAX_FOUND = 500
"""Who makes more mistakes than this reads no further."""

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where in a recipe: the keys and list positions from the top."""


class Severity(StrEnum):
    """An error stops the compiler; a warning is shown and compilation goes on."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Diagnostic:
    """One finding about a recipe.

    `code` is stable and documented (YT1xx syntax … YT8xx plan); `hint` says what to do; `key_path`
    is where in the recipe, `span` where in a file or on the command line (None when the finding is
    about something no one wrote, such as a missing section of a recipe made only of defaults).
    """

    code: str
    message: str
    hint: str = ""
    span: Span | None = None
    key_path: KeyPath = ()
    severity: Severity = Severity.ERROR


class Diagnostics:
    """Collects what the passes find, so that all of it is reported at once.

    One mistake gets one diagnostic: once a key path carries an error, later findings at that path or
    below it are consequences and are dropped. So is what would be found after the first MAX_FOUND.
    """

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._broken: set[KeyPath] = set()
        self._above_broken: set[KeyPath] = set()
        self._settled: set[KeyPath] = set()

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a finding, unless it follows from an error of an earlier pass."""
        if self.is_full or self.is_broken(diagnostic.key_path):
            return
        self._found[diagnostic] = None
        if diagnostic.severity is Severity.ERROR and diagnostic.key_path:
            self.silence(diagnostic.key_path)

    def silence(self, path: KeyPath) -> None:
        """Say nothing more about this path: what is wrong there follows from an error elsewhere."""
        self._broken.add(path)
        self._above_broken.update(path[:length] for length in range(len(path) + 1))

    def settle(self) -> None:
        """Mark the end of a pass: from here on its errors silence their consequences."""
        self._settled |= self._broken

    def is_broken(self, path: KeyPath) -> bool:
        """Whether an earlier pass found an error at this path or above it."""
        return any(path[:length] in self._settled for length in range(1, len(path) + 1))

    def has_error_within(self, path: KeyPath) -> bool:
        """Whether an error was found at this path, above it or below it."""
        return self.is_broken(path) or path in self._above_broken

    @property
    def is_full(self) -> bool:
        """Whether nothing more is kept, so that nothing more needs to be looked for."""
        return len(self._found) >= MAX_FOUND

    @property
    def has_errors(self) -> bool:
        """Whether anything found so far stops the compiler."""
        return any(found.severity is Severity.ERROR for found in self._found)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
