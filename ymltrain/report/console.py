"""The two streams: documents and results go to standard output, everything else for people to standard error.

Lines are coloured on a terminal and plain in a pipe; rich is imported when it has something to draw.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


def say(*parts: str | tuple[str, str]) -> None:
    """A line for people on standard error; a part may be (text, style)."""
    _line(sys.stderr, to_person, parts)


def tell(*parts: str | tuple[str, str]) -> None:
    """A line of the result on standard output; a part may be (text, style)."""
    _line(sys.stdout, to_output, parts)


def _line(stream: TextIO, console: object, parts: tuple[str | tuple[str, str], ...]) -> None:
    if not stream.isatty():
        stream.write("".join(part if isinstance(part, str) else part[0] for part in parts) + "\n")
        stream.flush()
        return
    from rich.text import Text

    assert callable(console)
    console().print(Text.assemble(*parts))


@lru_cache(maxsize=1)
def to_person() -> Console:
    """Standard error, for what rich draws."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, width=_width(sys.stderr))


@lru_cache(maxsize=1)
def to_output() -> Console:
    """Standard output, for what rich draws."""
    from rich.console import Console

    return Console(highlight=False, markup=False, width=_width(sys.stdout))


def draw(drawing: RenderableType) -> None:
    """A table on standard output; in a pipe without the spaces that fill up its last column."""
    console = to_output()
    if console.is_terminal:
        console.print(drawing)
        return
    with console.capture() as drawn:
        console.print(drawing)
    write_text("".join(line.rstrip() + "\n" for line in drawn.get().splitlines()))


def terminal_width() -> int | None:
    """Columns of the terminal that standard output is; None in a pipe."""
    return to_output().width if sys.stdout.isatty() else None


def _width(stream: TextIO) -> int | None:
    """A pipe has no width: lines there are as long as they need."""
    return None if stream.isatty() else 400


def write_json(document: object) -> None:
    """One JSON document on standard output, sorted and indented."""
    import msgspec

    content = msgspec.json.format(msgspec.json.encode(document, order="deterministic"), indent=2)
    write_text(content.decode() + "\n")


def write_text(text: str) -> None:
    """Text on standard output, exactly as it is."""
    sys.stdout.write(text)
    sys.stdout.flush()
