"""What a recipe should say of each column: its type, or that it is left out, and why.

Left out are columns of one value, of none, and identifiers: text of one word that hardly repeats, whole numbers that count
the rows or whose name says that they identify them. Numbers with a long tail go by their rank. Categories of many values
keep ids for those that occur `RARE` times, and share hashed ids beyond `MOST_IDS` values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from ymltrain.drafting.expected import Expected
from ymltrain.drafting.findings import ColumnDraft, Finding, FindingKind, Sure, counted, quoted
from ymltrain.drafting.typed import TypedTable
from ymltrain.kinds.number_text import LEADING_ZERO
from ymltrain.plan.shapes import Reading

ENOUGH = 20
"""Rows from which on it means something that no value repeats."""

RARE = 5
MANY_VALUES = 100
MOST_IDS = 10_000
LONG_TAIL = 5.0
FEW_VALUES = 10
RARE_SHARE = 0.1
STEADY = 50.0
NAMES_AN_IDENTIFIER = re.compile(
    r"(?:^|[^a-z])(?:id|ids|uuid|guid|key|idx|index|nr|no|code|ref|rowid|pk)$|^$|^unnamed", re.IGNORECASE
)
CAMEL_ID = re.compile(r"[a-z0-9](?:Id|ID|Key|Nr|No|Code)$")
NAMES_A_TIME = re.compile(r"year|month|day|hour|week|date|time|age", re.IGNORECASE)


class ColumnDrafter:
    """Drafts one column at a time, from the drawn rows.

    `is_all`: whether all rows of the table were looked at.
    """

    def __init__(self, expected: Expected, typed: TypedTable, *, is_all: bool) -> None:
        self._expected = expected
        self._misfits = {str(found.column): found.message for found in typed.findings}
        self._zoned = typed.zoned
        self._is_all = is_all
        self.findings: list[Finding] = []

    def draft(self, name: str, column: pl.Series, reading: Reading) -> ColumnDraft:
        """What the recipe says of the column; what is to be said of it besides goes to `findings`."""
        present = column.drop_nulls()
        distinct = int(present.n_unique()) if not isinstance(column.dtype, pl.List) else present.len()
        reason = _tells_nothing(column, present, distinct)
        if reason is not None:
            return self._left_out(name, *reason)
        why = _identifies(name, present, distinct, reading)
        if why is not None and name in self._misfits:
            return ColumnDraft(name, "ignore", "likely", self._misfits[name])
        if why is not None and _holds_objects(present):
            return self._left_out(
                name, "unreadable", f"nested values: {quoted(present[0])}", "give their fields columns of their own"
            )
        if why is not None:
            return self._left_out(name, "identifier", why, f"if its value tells something, write `{reading.type}`", "likely")
        if distinct == 1:
            return ColumnDraft(name, "category", "likely", f"{quoted(_word(present[0]))} or nothing")
        return getattr(self, f"_{reading.type}")(name, column, present, distinct, reading)  # type: ignore[no-any-return]

    def _left_out(self, name: str, kind: FindingKind, why: str, advice: str, sure: Sure = "certain") -> ColumnDraft:
        sure = "likely" if not self._is_all else sure
        self.findings.append(Finding(kind=kind, sure=sure, message=why, advice=advice, column=name))
        return ColumnDraft(name, "ignore", sure, why)

    def _number(self, name: str, column: pl.Series, present: pl.Series, distinct: int, _: Reading) -> ColumnDraft:
        values = present.filter(present.is_finite())
        options: dict[str, Any] = {}
        why = _range(values)
        if distinct > MANY_VALUES and _skewness(values) > LONG_TAIL:
            options = {"encoder": "quantile"}
            why += ", a long tail: by rank"
        return ColumnDraft(name, "number", self._sure, why + _missing(column), options)

    def _category(self, name: str, column: pl.Series, present: pl.Series, distinct: int, _: Reading) -> ColumnDraft:
        text = present.cast(pl.String)
        self._look_for_units(name, text)
        values = f"{counted(distinct, 'value')}: {_most_frequent(text)}"
        if text.str.contains(LEADING_ZERO).any() and text.str.contains(r"^\s*\d+\s*$").all():
            values = f"codes with leading zeros, {values}"
        if distinct > MOST_IDS:
            return self._of_many_values(name, column, distinct, {"type": "hashing"}, values)
        if distinct > MANY_VALUES and distinct > present.len() / 20:
            return self._of_many_values(name, column, distinct, {"type": "vocabulary", "min_count": RARE}, values)
        return ColumnDraft(name, "category", self._sure, values + _missing(column))

    def _of_many_values(self, name: str, column: pl.Series, distinct: int, encoder: Mapping[str, Any], values: str) -> ColumnDraft:
        rows = column.len() - column.null_count()
        message = f"{counted(distinct, 'value')} in {counted(rows, 'row')}, {counted(round(rows / distinct), 'row')} to a value"
        if (rare := int((column.drop_nulls().value_counts()["count"] < RARE).sum())) and encoder["type"] == "vocabulary":
            message += f"; {rare:,} of them stand in fewer than {RARE} rows and share an id"
        advice = "leave it out if its values are names of rows, or give the model something that they have in common"
        self.findings.append(Finding(kind="many_values", sure="guess", message=message, advice=advice, column=name))
        return ColumnDraft(name, "category", "guess", values + _missing(column), {"encoder": encoder})

    def _look_for_units(self, name: str, text: pl.Series) -> None:
        is_amount = text.str.contains(r"^\s*(?:[$€£¥]\s*[-+]?[\d.,' ]*\d|[-+]?\d[\d.,' ]*\s*(?:[%€$£¥]|[A-Za-zµ°]{1,4}))\s*$")
        if text.len() >= ENOUGH and is_amount.all():
            message = f"its values look like numbers with a sign: {quoted(text[0])}"
            advice = "write the numbers alone, and it can be a number"
            self.findings.append(Finding(kind="numbers", sure="likely", message=message, advice=advice, column=name))

    def _boolean(self, name: str, column: pl.Series, present: pl.Series, _distinct: int, _: Reading) -> ColumnDraft:
        share = float(present.cast(pl.Float64).mean() or 0)  # type: ignore[arg-type]
        return ColumnDraft(name, "boolean", self._sure, f"true in {share:.0%}" + _missing(column))

    def _timestamp(self, name: str, column: pl.Series, present: pl.Series, _distinct: int, reading: Reading) -> ColumnDraft:
        options: dict[str, Any] = {} if reading.format is None else {"format": reading.format}
        sure = self._sure
        forms = self._expected.formats.get(name, [])
        if len(forms) > 1 and reading.format is not None:
            sure = "guess"
            message = f"its times can be read as {' or as '.join(forms[:3])}"
            advice = f"{reading.format} is written in the recipe; day and month are not told apart by the values"
            self.findings.append(Finding(kind="time", sure="guess", message=message, advice=advice, column=name))
        zoned = "" if options or name in self._zoned else ", times without a zone are UTC"
        first, last = (str(moment)[:16] for moment in (present.min(), present.max()))
        why = f"{first} to {last}{zoned}"
        return ColumnDraft(name, "timestamp", sure, why + _missing(column), options)

    def _text(self, name: str, column: pl.Series, present: pl.Series, _distinct: int, _: Reading) -> ColumnDraft:
        return ColumnDraft(name, "text", "likely", f"such as {quoted(str(present[0]))}" + _missing(column))

    def _vector(self, name: str, column: pl.Series, present: pl.Series, _distinct: int, _: Reading) -> ColumnDraft:
        lengths = present.list.len().unique().sort().to_list()
        why = f"of {lengths[0]} numbers" if len(lengths) == 1 else f"of {lengths[0]} to {lengths[-1]} numbers"
        return ColumnDraft(name, "vector", self._sure, why + _missing(column))

    @property
    def _sure(self) -> Sure:
        return "certain" if self._is_all else "likely"


def names_an_identifier(name: str) -> bool:
    """Whether a column is called as people call what identifies something."""
    return bool(NAMES_AN_IDENTIFIER.search(name.strip()) or CAMEL_ID.search(name.strip()))


def _holds_objects(present: pl.Series) -> bool:
    return present.dtype == pl.String and bool(present.str.starts_with("{").all())


def _identifies(name: str, present: pl.Series, distinct: int, reading: Reading) -> str | None:
    """Why a column tells rows apart and nothing else; None where it may tell more."""
    rows = present.len()
    if rows < ENOUGH:
        return None
    is_many = distinct > (0.5 if names_an_identifier(name) else 0.95) * rows
    if reading.type == "category" and is_many:
        return f"an identifier: {distinct:,} values in {counted(rows, 'row')}, such as {quoted(_word(present[0]))}"
    if reading.type != "number" or not _is_whole(present):
        return None
    if names_an_identifier(name) and is_many:
        return f"an identifier by its name: {distinct:,} values in {counted(rows, 'row')}"
    if distinct == rows and not NAMES_A_TIME.search(name) and _counts_rows(present):
        return f"it counts the rows: {_range(present)}, no value twice"
    return None


def _tells_nothing(column: pl.Series, present: pl.Series, distinct: int) -> tuple[FindingKind, str, str] | None:
    """Why no model learns from the column, and what to do; None where one may."""
    if not distinct:
        return "constant", "it has no value", ""
    if distinct == 1 and present.len() == column.len():
        return "constant", f"its only value is {quoted(_word(present[0]))}", ""
    if present.len() < FEW_VALUES and present.len() < RARE_SHARE * column.len():
        filled = f"only {counted(present.len(), 'row')} of {column.len():,} have a value"
        return "missing", filled, "a split may be left without any"
    return None


def _counts_rows(values: pl.Series) -> bool:
    """Whether whole numbers without a repetition are those from one to another, or go up from row to row by like steps."""
    numbers = values.cast(pl.Float64).to_numpy()
    steps = np.diff(numbers)
    is_going_up = bool((steps > 0).all() and steps.max() < STEADY * np.median(steps))
    return bool(np.ptp(numbers) < 1.1 * len(numbers)) or (len(numbers) > 1_000 and is_going_up)


def _is_whole(values: pl.Series) -> bool:
    numbers = values.cast(pl.Float64)
    return bool(numbers.is_finite().all() and (numbers == numbers.round()).all())


def _skewness(values: pl.Series) -> float:
    return abs(float(values.cast(pl.Float64).skew() or 0.0))


def _range(values: pl.Series) -> str:
    if not values.len():
        return "no finite value"
    return f"{_figure(values.min())} to {_figure(values.max())}"


def _figure(value: Any) -> str:
    number = float(value)
    if number != round(number) or abs(number) >= 1e15:
        return f"{number:.5g}"
    return f"{number:,.0f}" if abs(number) >= 10_000 else f"{number:.0f}"  # 2024 is a year


def _missing(column: pl.Series) -> str:
    missing = column.null_count()
    if not missing:
        return ""
    share = missing / column.len()
    return f", missing in {share:.0%}" if share >= 0.01 else f", missing in {counted(missing, 'row')}"


def _most_frequent(text: pl.Series) -> str:
    counts = text.value_counts(sort=True)
    values = [quoted(value, 20) for value in counts.to_series(0).head(4).to_list()]
    return ", ".join(values) + (", …" if counts.height > 4 else "")


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
