"""A table of values for a person, a spreadsheet or a page in Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Literal

from ymltrain.record.ulid import short_ids
from ymltrain.report.columns import draw_rows
from ymltrain.report.console import terminal_width, write_text
from ymltrain.report.numbers import figure
from ymltrain.report.settings import value_text
from ymltrain.report.text import shorten

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
        draw_rows(columns, [[cell_text(value) for value in row] for row in rows])


def shown_ids(ids: Sequence[str]) -> list[str]:
    """Ids of runs: on a terminal their beginning, as much as tells them apart, which names them on the command line too."""
    return list(ids) if terminal_width() is None else short_ids(ids)


def cell_text(value: Any) -> str:
    """A value on one line, of no more than a column's width."""
    if value is None:
        return "—"
    if isinstance(value, float):
        return figure(value)
    return shorten(value_text(value))


def _escaped(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|")
