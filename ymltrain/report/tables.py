"""A table of values for a person, a spreadsheet or a page in Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Literal

from ymltrain.report.console import draw, write_text
from ymltrain.report.html.text import shorten
from ymltrain.report.numbers import figure
from ymltrain.report.settings import value_text

Form = Literal["table", "csv", "md"]


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
        _draw(columns, rows)


def cell_text(value: Any) -> str:
    """A value on one line, of no more than a column's width."""
    if value is None:
        return "—"
    if isinstance(value, float):
        return figure(value)
    return shorten(value_text(value))


def _draw(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    from rich.table import Table

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(cell_text, row))
    draw(table)


def _escaped(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|")
