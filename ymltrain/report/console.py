"""The two streams: documents and results go to standard output, everything else for people to standard error."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@lru_cache(maxsize=1)
def to_person() -> Console:
    """Standard error: colours on a terminal, plain unwrapped text in a pipe."""
    return _console(sys.stderr.isatty(), stderr=True)


@lru_cache(maxsize=1)
def to_output() -> Console:
    """Standard output, likewise."""
    return _console(sys.stdout.isatty(), stderr=False)


def _console(is_terminal: bool, *, stderr: bool) -> Console:  # noqa: FBT001 - what the stream is, said at both calls
    from rich.console import Console

    return Console(stderr=stderr, soft_wrap=not is_terminal, highlight=False, markup=False, width=None if is_terminal else 160)


def write_json(document: object) -> None:
    """One JSON document on standard output, sorted and indented."""
    import msgspec

    content = msgspec.json.format(msgspec.json.encode(document, order="deterministic"), indent=2)
    sys.stdout.write(content.decode() + "\n")
    sys.stdout.flush()


def write_text(text: str) -> None:
    """Text on standard output, exactly as it is."""
    sys.stdout.write(text)
    sys.stdout.flush()
