"""How a text file writes numbers and missing values, found from a sample of its text.

The notation (decimal sign, sign for thousands) in which the most columns are numbers throughout is taken; of equals the
plainest, but where the delimiter is a semicolon a comma before three digits is a decimal sign, and nowhere is 0,123 a number
with a sign for thousands. Of the words that people
write for a missing value, those that stand in columns which hold numbers, times or truth values else are missing values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import polars as pl

from ymltrain.drafting.findings import Finding, quoted
from ymltrain.kinds.number_text import NumberNotation

DEFAULT_NULLS = ("", "NA", "NaN", "null")
NULL_WORDS = frozenset({*DEFAULT_NULLS, "nan", "NULL", "Null", "None", "none", "nil", "N/A", "n/a", "NA()", "#N/A", "#NA", "<NA>"})
NULL_WORDS |= {"-", "--", "---", ".", "..", "?", "–", "—", "\\N"}
NULLS_OF_NUMBERS = NULL_WORDS | {"missing", "Missing", "unknown", "Unknown", "not available", "#VALUE!", "#DIV/0!", "#REF!"}
"""What stands for no number, beside what may stand for a missing value of any kind."""

SPACES = (" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}")
NOTATIONS = (
    NumberNotation(),
    NumberNotation(".", ","),
    *(NumberNotation(".", sign) for sign in (*SPACES, "'", "\N{RIGHT SINGLE QUOTATION MARK}")),
    NumberNotation(","),
    NumberNotation(",", "."),
    *(NumberNotation(",", sign) for sign in (*SPACES, "'")),
)


def find_notation(text: pl.DataFrame, delimiter: str) -> tuple[NumberNotation, list[Finding]]:
    """The notation of a sample whose columns are all text."""
    columns = {column.name: present for column in text.iter_columns() if (present := _present(column.alias("values"))).len()}
    plain = _numeric(columns, NumberNotation())
    if not any(column.str.contains(r"\d").all() for name, column in columns.items() if name not in plain):
        return NumberNotation(), []
    found = {notation: _numeric(columns, notation) for notation in NOTATIONS}
    order = sorted(NOTATIONS, key=lambda notation: notation.decimal == ".") if delimiter == ";" else NOTATIONS
    best = max(order, key=lambda notation: len(found[notation]))
    if best == NumberNotation() or len(found[best]) <= len(plain):
        return NumberNotation(), []
    rival = next((other for other in order if other.decimal != best.decimal and len(found[other]) == len(found[best])), None)
    if rival is None:
        return best, []
    name = next(name for name in found[best] if name not in plain)
    value = columns[name][0]
    other = f"decimal: {quoted(rival.decimal)}" if rival.decimal != "." else f"thousands: {quoted(rival.thousands or '')}"
    read = best.read(pl.Series([value]))[0]
    finding = Finding(
        kind="notation",
        sure="guess",
        column=name,
        message=f"{quoted(value)} is read as {read:,.10g}; it may be {rival.read(pl.Series([value]))[0]:,.10g} as well",
        advice=f"if so, write `{other}` in the datasource instead",
    )
    return best, [finding]


def null_words_in(values: Iterable[str], words: frozenset[str]) -> set[str]:
    """Those of the values that say that a value is missing, as they are written."""
    return {value for value in values if value.strip() in words}


def _present(column: pl.Series) -> pl.Series:
    """The column's values but for words for missing ones."""
    text = column.drop_nulls().unique(maintain_order=True)
    return text.filter(~text.str.strip_chars().is_in(list(NULLS_OF_NUMBERS)))


def _numeric(columns: Mapping[str, pl.Series], notation: NumberNotation) -> dict[str, None]:
    """The names of the columns that are numbers throughout, in order."""
    return {name: None for name, column in columns.items() if _reads(column, notation)}


def _reads(column: pl.Series, notation: NumberNotation) -> bool:
    if notation.thousands is not None and column.str.contains(rf"^\s*[+-]?0{re.escape(notation.thousands)}\d").any():
        return False
    return not notation.read(column).null_count()
