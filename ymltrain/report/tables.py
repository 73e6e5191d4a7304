"""A table of values for a person, a spreadsheet or a page in Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeAlias

from ymltrain.report.console import draw, is_terminal, write_text
from ymltrain.report.numbers import figure
from ymltrain.report.settings import value_text
from ymltrain.report.text import shorten

Form = Literal["table", "csv", "md"]
Cell: TypeAlias = str | tuple[str, str]
"""A text, or a text and its style."""

MANY = 1_000
"""Rows beyond which fitting them to a terminal would take seconds."""


def show_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], form: Form) -> None:
    """On standard output. CSV has values exactly as they are, tables and Markdown as a person reads them."""
    if form == "csv":
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(
            [["" if value is None else value if isinstance(value, str) else value_text(value) for value in row] for row in rows]
        )
        write_text(stream.getvalue())
    elif form == "md":
        lines = [columns, ["---"] * len(columns), *([cell_text(value) for value in row] for row in rows)]
        write_text("".join(f"| {' | '.join(_escaped(cell) for cell in line)} |\n" for line in lines))
    else:
        draw_rows(columns, [[cell_text(value) for value in row] for row in rows])


def cell_text(value: Any) -> str:
    """A value on one line, of no more than a column's width."""
    if value is None:
        return "—"
    if isinstance(value, float):
        return figure(value)
    return shorten(value_text(value))


def draw_rows(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Rows under their columns: fitted to a terminal; in a pipe, or when they are very many, one line each, as long as it needs."""
    if not is_terminal() or len(rows) > MANY:
        write_text("".join(_lines([columns, *rows])))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else Text(*cell) for cell in row))
    draw(table)


def _lines(rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    from rich.cells import cell_len

    texts = [[cell if isinstance(cell, str) else cell[0] for cell in row] for row in rows]
    widths = [[len(text) if text.isascii() else cell_len(text) for text in row] for row in texts]
    widest = [max(column) for column in zip(*widths, strict=True)]
    for row, taken in zip(texts, widths, strict=True):
        padded = [text + " " * (most - width) for text, width, most in zip(row, taken, widest, strict=True)]
        yield "  ".join(padded).rstrip() + "\n"


def _escaped(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|")
