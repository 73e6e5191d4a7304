"""Columns of JSON values as `read_rows` would read them from a table: one way for servers and for their logs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.reading import read_rows
from ymltrain.diagnostics import DataError
from ymltrain.plan.shapes import ColumnType, Reading

FITTING: dict[ColumnType, frozenset[type]] = {
    "number": frozenset({int, float, type(None)}),
    "category": frozenset({str, int, float, bool, type(None)}),
    "boolean": frozenset({bool, str, int, type(None)}),
    "timestamp": frozenset({str, type(None)}),
    "text": frozenset({str, type(None)}),
    "vector": frozenset({list, type(None)}),
}
"""The Python types of JSON values that a column of each type takes."""

UNFIT_TYPE = "YT707"


def fits(value: Any, column_type: ColumnType) -> bool:
    """Whether a JSON value is of a kind that can be read as this type."""
    if type(value) is list and column_type == "vector":
        return all(type(part) in FITTING["number"] for part in value)
    return type(value) in FITTING[column_type]


def json_column(values: Sequence[Any], reading: Reading) -> tuple[pl.Series, npt.NDArray[np.bool_]]:
    """Values as `read_rows` gives the column, and which of them are none of its type: those are null."""
    if reading.type != "vector" and set(map(type, values)) <= FITTING[reading.type]:
        return table_column(_plain_column(values, reading.type), reading)
    is_fit = np.fromiter((fits(value, reading.type) for value in values), bool, len(values))
    clean = [value if fit else None for value, fit in zip(values, is_fit, strict=True)]
    column, unread = table_column(_plain_column(clean, reading.type), reading)
    return column, unread | ~is_fit


def table_column(column: pl.Series, reading: Reading) -> tuple[pl.Series, npt.NDArray[np.bool_]]:
    """A column of a table as `read_rows` gives it, and which of its values are none of its type: those are null."""
    try:
        return _read(column, reading), np.zeros(column.len(), bool)
    except DataError as error:
        if error.code == UNFIT_TYPE or column.len() <= 1:
            return _read(pl.Series("values", [None] * column.len(), pl.Null), reading), column.is_not_null().to_numpy()
    middle = column.len() // 2
    halves = [table_column(column[:middle], reading), table_column(column[middle:], reading)]
    return pl.concat([read for read, _ in halves]), np.concatenate([wrong for _, wrong in halves])


def _read(column: pl.Series, reading: Reading) -> pl.Series:
    return read_rows(pl.DataFrame([column.alias("values")]), {"values": reading}).to_series()


def _plain_column(values: Sequence[Any], column_type: ColumnType) -> pl.Series:
    """JSON values that fit, as the column of a table."""
    if column_type == "number":
        return pl.Series("values", [float(value) if type(value) is int else value for value in values], pl.Float64)
    if column_type == "vector":
        return pl.Series("values", [None if value is None else [_number(part) for part in value] for value in values], _NUMBERS)
    return pl.Series("values", [_as_text(value) for value in values], pl.String)


_NUMBERS = pl.List(pl.Float64)


def _number(part: Any) -> float | None:
    return None if part is None else float(part)


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if isinstance(value, float) and math.isnan(value) else str(value)
