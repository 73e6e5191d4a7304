"""Text of a CSV file as numbers, and which columns look like numbers.

Written rules: decimal notation with a point (or the sign that `decimal` says), an optional exponent, optional spaces
around; `inf` and `nan` in any case are the infinities and NaN; a number too large for float64 is an infinity. With
`thousands`, digits before the decimal sign may stand in groups of three (1,234,567), wholly or not at all; 1,5 is then no
number rather than 15. A column of a sample looks like numbers when all its values are numbers and none has a leading zero,
as codes have (0123); it then holds integers or floats.
"""

from __future__ import annotations

import re

import polars as pl

from ymltrain.api import DataError
from ymltrain.builtin.datasource.csv_faults import line_of
from ymltrain.builtin.datasource.csv_records import Dialect
from ymltrain.builtin.datasource.csv_text import TextRows

LEADING_ZERO = r"^\s*[+-]?0\d"


def read_numbers(rows: TextRows, column: str) -> pl.Series:
    """A column as Float64. Raises DataError (YT706) naming the first value that is not a number."""
    text, dialect = rows.column(column), rows.dialect
    numbers = _cast(text, dialect)
    if numbers.null_count() == text.null_count():
        return numbers
    text = _trimmed(text, dialect)
    numbers = _cast(text, dialect)
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
    return pl.DataFrame({column.name: _typed(column.alias("values"), dialect) for column in text.iter_columns()})


def _typed(text: pl.Series, dialect: Dialect) -> pl.Series:
    trimmed = _trimmed(text, dialect)
    present = trimmed.drop_nulls()
    if not present.len():
        return text.cast(pl.Null)
    if _cast(present, dialect).null_count() or present.str.contains(LEADING_ZERO).any():
        return text
    plain = _plain(trimmed, dialect)
    integers = plain.cast(pl.Int64, strict=False)
    return integers if integers.null_count() == trimmed.null_count() else plain.cast(pl.Float64)


def _cast(text: pl.Series, dialect: Dialect) -> pl.Series:
    return _plain(text, dialect).cast(pl.Float64, strict=False)


def _plain(text: pl.Series, dialect: Dialect) -> pl.Series:
    """The texts with a decimal point and without thousands; null where a text is not written as the dialect says."""
    if dialect.decimal == "." and dialect.thousands is None:
        return text
    text = text.set(~text.str.contains(_number_pattern(dialect)), None)
    if dialect.thousands is not None:
        text = text.str.replace_all(dialect.thousands, "", literal=True)
    return text.str.replace(dialect.decimal, ".", literal=True) if dialect.decimal != "." else text


def _number_pattern(dialect: Dialect) -> str:
    whole = r"\d+"
    if dialect.thousands is not None:
        whole = rf"(?:\d{{1,3}}(?:{re.escape(dialect.thousands)}\d{{3}})+|\d+)"
    point = re.escape(dialect.decimal)
    return rf"(?i)^\s*[+-]?(?:(?:{whole}(?:{point}\d*)?|{point}\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)\s*$"


def _remedy(value: str, dialect: Dialect) -> str:
    if dialect.decimal == "." and re.fullmatch(r"\s*[+-]?\d+,\d+\s*", value):
        return (
            'write `decimal: ","` in the datasource if the comma is the decimal sign, `thousands: ","` if it parts groups of digits'
        )
    return (
        "if the column is not numeric, make it a category in the recipe; if the text means a missing value, add it to "
        "`null_values` of the datasource"
    )


def _trimmed(text: pl.Series, dialect: Dialect) -> pl.Series:
    trimmed = text.str.strip_chars()
    return trimmed.set(trimmed.is_in(list(dialect.null_values)), None)
