"""Rows of text under columns: on a terminal fitted to its width, in a pipe as wide as they need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from ymltrain.report.console import terminal_width, to_output, write_text

Cell: TypeAlias = str | tuple[str, str]
"""A text, or a text and its style."""

GAP = "  "
LEAST = 6
"""A column that gives way keeps so many characters."""


def draw_rows(columns: Sequence[str], rows: Sequence[Sequence[Cell]], *, yielding: Sequence[int] = ()) -> None:
    """On standard output, one line a row. Where a terminal is too narrow, `yielding` columns are cut, in this order.

    If that is not enough, or there are none, what does not fit beside the first column follows in further blocks.
    """
    texts = [[cell if isinstance(cell, str) else cell[0] for cell in row] for row in (columns, *rows)]
    styles = [["bold"] * len(columns), *(["" if isinstance(cell, str) else cell[1] for cell in row] for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*texts, strict=True)]
    room = terminal_width()
    if room is None:
        write_text("".join(GAP.join(_padded(row, widths)).rstrip() + "\n" for row in texts))
        return
    widths = _narrowed(widths, yielding, room)
    for number, block in enumerate(_blocks(widths, room)):
        write_text("\n" if number else "")
        write_text("".join(_drawn(row, styled, widths, block) for row, styled in zip(texts, styles, strict=True)))


def _drawn(texts: Sequence[str], styles: Sequence[str], widths: Sequence[int], block: Sequence[int]) -> str:
    """One line of a block with its colours; rich itself would take seconds for ten thousand."""
    cells = _padded([texts[place] for place in block], [widths[place] for place in block])
    return GAP.join(_coloured(cell, styles[place]) for place, cell in zip(block, cells, strict=True)).rstrip() + "\n"


def _coloured(text: str, style: str) -> str:
    if not style or to_output().color_system is None:
        return text
    from rich.color import ColorSystem
    from rich.style import Style

    return Style.parse(style).render(text, color_system=ColorSystem.STANDARD)


def _width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _narrowed(widths: Sequence[int], yielding: Sequence[int], room: int) -> list[int]:
    narrowed = list(widths)
    over = sum(widths) + len(GAP) * (len(widths) - 1) - room
    for place in yielding:
        given = max(0, min(over, narrowed[place] - LEAST))
        narrowed[place] -= given
        over -= given
    return narrowed


def _blocks(widths: Sequence[int], room: int) -> list[list[int]]:
    """Places of columns that fit beside each other, the first one in each block."""
    blocks: list[list[int]] = []
    taken = room
    for place, width in enumerate(widths[1:], 1):
        if not blocks or taken + len(GAP) + width > room:
            blocks.append([0])
            taken = widths[0]
        blocks[-1].append(place)
        taken += len(GAP) + width
    return blocks or [[0]]


def _padded(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """Each text cut or filled up to the width of its column."""
    for text, width in zip(row, widths, strict=True):
        space = width - _width(text)
        if space >= 0:
            yield text + " " * space
        else:
            from rich.cells import set_cell_size

            yield set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)
