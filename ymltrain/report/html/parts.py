"""What a section is made of. Each part turns itself into HTML and hands its charts to the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias
from urllib.parse import quote

from ymltrain.report.html.figures import Figure, escaped_figure
from ymltrain.report.numbers import figure as figure_text
from ymltrain.report.text import clean, escape

Tone: TypeAlias = Literal["plain", "good", "bad", "warn", "muted"]
FILTER_FROM_ROWS = 12
LONGEST_WORD = 40  # longer ones may break anywhere, or a table grows as wide as they are


class Charts:
    """The charts of a page, in the order they stand on it; drawn by page.js when they come into view."""

    def __init__(self) -> None:
        self.specs: list[dict[str, Any]] = []

    def place(self, spec: dict[str, Any]) -> int:
        """Keep a chart for the page; returns its number."""
        self.specs.append(spec)
        return len(self.specs) - 1


class Part(Protocol):
    """Anything a section may hold."""

    def to_html(self, charts: Charts) -> str:
        """The part as HTML, all texts escaped."""
        ...


@dataclass(frozen=True)
class Marked:
    """A value with a tone: `good`, `bad`, `warn`, `muted`."""

    value: str | float | None
    tone: Tone = "plain"


@dataclass(frozen=True)
class Link:
    """A link to a file beside the page, by a relative path."""

    text: str
    path: str


Cell: TypeAlias = str | float | Marked | Link | None


@dataclass(frozen=True)
class Prose:
    """A paragraph of plain text."""

    text: str

    def to_html(self, charts: Charts) -> str:
        del charts
        return f"<p>{escape(self.text)}</p>"


@dataclass(frozen=True)
class Facts:
    """Names and values, one below the other."""

    facts: Mapping[str, Cell]

    def to_html(self, charts: Charts) -> str:
        del charts
        rows = "".join(f"<dt>{escape(name)}</dt><dd>{_cell_html(value)}</dd>" for name, value in self.facts.items())
        return f'<dl class="facts">{rows}</dl>'


@dataclass(frozen=True)
class Table:
    """Columns and rows; a click on a heading sorts, and long tables have a box that filters.

    Numbers are shown with four significant digits, exactly where the pointer rests, and stand to the right.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""

    def to_html(self, charts: Charts) -> str:
        del charts
        head = "".join(f'<th scope="col"><button type="button">{escape(name)}</button></th>' for name in self.columns)
        body = "".join(f"<tr>{''.join(map(_table_cell, row))}</tr>" for row in self.rows)
        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        box = ""
        if len(self.rows) > FILTER_FROM_ROWS:
            box = '<input type="search" class="table-filter" placeholder="filter rows" aria-label="filter rows">'
        table = f'<table class="sortable">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        return f'<div class="table">{box}<div class="scroll">{table}</div></div>'


@dataclass(frozen=True)
class Listing:
    """Preformatted text; a diff's added and removed lines are coloured."""

    text: str
    is_diff: bool = False

    def to_html(self, charts: Charts) -> str:
        del charts
        if not self.is_diff:
            return f"<pre>{escape(self.text)}</pre>"
        return f"<pre>{''.join(map(_diff_line, clean(self.text).splitlines()))}</pre>"


@dataclass(frozen=True)
class Fold:
    """Parts behind a heading that opens them."""

    title: str
    parts: Sequence[Part]
    is_open: bool = False

    def to_html(self, charts: Charts) -> str:
        body = "".join(part.to_html(charts) for part in self.parts)
        return f"<details{' open' if self.is_open else ''}><summary>{escape(self.title)}</summary>{body}</details>"


@dataclass(frozen=True)
class Chart:
    """A chart made by one of the builders in `figures`; `height` is in CSS pixels. Text in a figure is escaped here."""

    figure: Figure
    title: str
    height: int = 320
    note: str = ""

    def to_html(self, charts: Charts) -> str:
        number = charts.place({"kind": "figure", "figure": escaped_figure(self.figure)})
        return chart_box(self.title, number, self.height, self.note)


def chart_box(title: str, number: int, height: int, note: str = "") -> str:
    """Where a chart is drawn, with its title above."""
    below = f"<p>{escape(note)}</p>" if note else ""
    box = f'<div class="chart" role="img" aria-label="{escape(title)}" data-chart="{number}" style="height:{height:d}px"></div>'
    return f"<figure><figcaption>{escape(title)}</figcaption>{box}{below}</figure>"


def _table_cell(cell: Cell) -> str:
    value = cell.value if isinstance(cell, Marked) else cell
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f'<td class="number" data-sort="{value!r}">{_cell_html(cell)}</td>'
    is_long = isinstance(value, str) and any(len(word) > LONGEST_WORD for word in value.split())
    return f"<td{' class=long' if is_long else ''}>{_cell_html(cell)}</td>"


def _cell_html(cell: Cell) -> str:
    if isinstance(cell, Link):
        return f'<a href="./{escape(quote(clean(cell.path)))}">{escape(cell.text)}</a>'
    if isinstance(cell, Marked):
        return f'<span class="{cell.tone}">{_value_html(cell.value)}</span>'
    return _value_html(cell)


def _value_html(value: str | float | None) -> str:
    if value is None:
        return '<span class="muted">—</span>'
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f'<span title="{value!r}">{escape(figure_text(value))}</span>'
    return escape(value)


def _diff_line(line: str) -> str:
    tone = {"+": "good", "-": "bad", "@": "muted"}.get(line[:1], "")
    return f'<span class="{tone}">{escape(line)}</span>\n' if tone else f"{escape(line)}\n"
