"""Text of a CSV file as numbers, and which columns look like numbers.

Written rules: a number is written in the notation that `decimal` and `thousands` say. A column of a sample looks like numbers
when all its values are numbers and none has a leading zero, as codes have (0123); it then holds integers or floats.
"""

from __future__ import annotations

import re

import polars as pl

from ymltrain.api import LEADING_ZERO, DataError, NumberNotation
from ymltrain.builtin.datasource.csv_faults import line_of
from ymltrain.builtin.datasource.csv_records import Dialect
from ymltrain.builtin.datasource.csv_text import TextRows


def read_numbers(rows: TextRows, column: str) -> pl.Series:
    """A column as Float64. Raises DataError (YT706) naming the first value that is not a number."""
    text, dialect = rows.column(column), rows.dialect
    if text.dtype == pl.Float64:
        return text
    numbers = _notation(dialect).read(text)
    if numbers.null_count() == text.null_count():
        return numbers
    text = text.to_frame().select(_trim(pl.first(), dialect)).to_series()
    numbers = _notation(dialect).read(text)
    wrong = (numbers.is_null() & text.is_not_null()).arg_true()
    if not wrong.len():
        return numbers
    position = wrong[0]
    line = line_of(rows.block, rows.frame.width, position, dialect)
    raise DataError(
        "YT706",
        f'{dialect.path}, row {rows.first_row + position}{f" (line {line})" if line else ""}: "{text[position]}" in column '
        f'"{column}" is not a number',
        _remedy(text[position], dialect),
    )


def typed_sample(text: pl.DataFrame, dialect: Dialect) -> pl.DataFrame:
    """A sample with the columns that look like numbers as Int64 or Float64, those without any value as Null."""
    values = pl.nth(range(text.width))
    trimmed = text.select(_trim(values, dialect))
    plain = _notation(dialect).plain(values)
    counted = [
        values.null_count(),
        _notation(dialect).number(values).null_count(),
        plain.cast(pl.Int64, strict=False).null_count(),
        values.str.contains(LEADING_ZERO).any(),
    ]
    missing, not_number, not_integer, is_code = (trimmed.select(counts).row(0) for counts in counted)
    typed = {}
    for position, name in enumerate(text.columns):
        cell = pl.nth(position)
        if missing[position] == text.height:
            typed[name] = text.to_series(position).cast(pl.Null)
        elif not_number[position] > missing[position] or is_code[position]:
            typed[name] = text.to_series(position)
        else:
            type_ = pl.Float64 if not_integer[position] > missing[position] else pl.Int64
            typed[name] = trimmed.select(_notation(dialect).plain(cell).cast(type_)).to_series()
    return pl.DataFrame(typed)


def _notation(dialect: Dialect) -> NumberNotation:
    return NumberNotation(dialect.decimal, dialect.thousands)


def _remedy(value: str, dialect: Dialect) -> str:
    if dialect.decimal == "." and re.fullmatch(r"\s*[+-]?\d+,\d+\s*", value):
        return (
            'write `decimal: ","` in the datasource if the comma is the decimal sign, `thousands: ","` if it parts groups of digits'
        )
    return (
        "if the column is not numeric, make it a category in the recipe; if the text means a missing value, add it to "
        "`null_values` of the datasource"
    )


def _trim(text: pl.Expr, dialect: Dialect) -> pl.Expr:
    """Without spaces around; what is then one of `null_values` is null."""
    trimmed = text.str.strip_chars()
    return pl.when(~trimmed.is_in(list(dialect.null_values))).then(trimmed)
