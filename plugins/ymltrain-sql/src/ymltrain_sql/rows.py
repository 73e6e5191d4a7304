"""Rows of a database as Arrow data: their types, their order, their digest.

YT706 a value does not fit its column; YT705 `order_by` names no column; YT751 `order_by` does not fix the order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl
from ymltrain.api import ColumnType, DataError, did_you_mean

from ymltrain_sql.database import Reading, open_database

if TYPE_CHECKING:
    from ymltrain_sql.source import SqlParams

INFERENCE_ROWS = 10_000
NUMBERS = {int, float, Decimal}


def read_head(params: SqlParams, rows: int) -> pl.DataFrame:
    """The first rows, typed by what the first 10,000 (or as many as asked for) hold."""
    with open_database(params) as reading:
        columns = _columns(reading, params)
        wanted = max(rows, INFERENCE_ROWS)
        with closing(reading.rows(columns)) as batches:  # a cursor on the server is not left open
            head = list(islice((row for batch in batches for row in batch), wanted))
    values = [list(column) for column in zip(*head, strict=True)] or [[] for _ in columns]
    types = {name: _common_type(column) for name, column in zip(columns, values, strict=True)}
    return _frame(columns, values, types, 1).head(rows)


def count_rows(params: SqlParams) -> int:
    """How many rows there are."""
    with open_database(params) as reading:
        return reading.count()


def digest(params: SqlParams) -> str:
    """`sha256:…` of the names of all columns and all values, row by row."""
    found = hashlib.sha256()
    with open_database(params) as reading:
        columns = _columns(reading, params)
        found.update(repr(columns).encode())
        for batch in reading.rows(columns):
            for row in batch:
                found.update(repr([_plain(value) for value in row]).encode())
    return f"sha256:{found.hexdigest()}"


def read_batches(params: SqlParams, columns: Mapping[str, ColumnType], found: pl.Schema) -> Iterator[pl.DataFrame]:
    """All rows in order with the named columns. `found` are the types by the first rows. Raises DataError."""
    types = {name: _type_read(found[name], column_type) for name, column_type in columns.items()}
    keys = [name for name in params.order if name not in types]
    asked = [*types, *keys]
    tells_apart = not set(found) <= set(params.order)  # rows that agree in every column are alike in any order
    positions = [asked.index(name) for name in params.order]
    row, last = 1, None
    with open_database(params) as reading:
        for batch in reading.rows(asked):
            if tells_apart:
                last = _check_order(batch, positions, last, row, params.order)
            values = [list(column) for column in zip(*batch, strict=True)]
            yield _frame(list(types), values[: len(types)], types, row)
            row += len(batch)


def _columns(reading: Reading, params: SqlParams) -> list[str]:
    columns = reading.columns()
    for name in params.order:
        if name not in columns:
            raise DataError("YT705", f'the rows have no column "{name}" to order by', did_you_mean(name, columns))
    return columns


def _check_order(batch: Sequence[Sequence[Any]], keys: Sequence[int], last: Any, first_row: int, order_by: Sequence[str]) -> Any:
    """Rows come sorted, so two that `order_by` cannot tell apart follow each other. Returns the batch's last key."""
    for row, values in enumerate(batch, first_row):
        key = [values[position] for position in keys]
        if key == last:
            raise DataError(
                "YT751",
                f"rows {row - 1} and {row} agree in {', '.join(order_by)}, so their order is not fixed",
                "add a column to `order_by` that tells them apart, such as the primary key; naming every column will do",
            )
        last = key
    return last


def _type_read(found: pl.DataType, asked: ColumnType) -> pl.DataType:
    if asked == "number" and (found.is_numeric() or found == pl.Null):
        return pl.Float64()
    return pl.String() if found == pl.Null else found


def _common_type(values: Iterable[Any]) -> pl.DataType:
    """One type for all values of a column: text when they do not agree (SQLite lets them differ)."""
    kinds = {_kind(value) for value in values} - {None}
    if not kinds:
        return pl.Null()
    if kinds <= NUMBERS:
        return pl.Int64() if kinds == {int} else pl.Float64()
    if len(kinds) > 1:
        return pl.String()
    return _TYPES.get(kinds.pop(), pl.String())


def _kind(value: Any) -> Any:
    if isinstance(value, datetime):
        return "instant" if value.tzinfo is not None else datetime
    if isinstance(value, list | tuple):
        return "numbers" if all(type(entry) in NUMBERS or entry is None for entry in value) else str
    return None if value is None else type(value)


_TYPES: dict[Any, pl.DataType] = {
    bool: pl.Boolean(),
    str: pl.String(),
    datetime: pl.Datetime("us"),
    "instant": pl.Datetime("us", "UTC"),
    date: pl.Date(),
    time: pl.Time(),
    bytes: pl.Binary(),
    "numbers": pl.List(pl.Float64()),
}


def _frame(
    columns: Sequence[str], values: Sequence[Sequence[Any]], types: Mapping[str, pl.DataType], first_row: int
) -> pl.DataFrame:
    return pl.DataFrame(
        {name: _series(name, column, types[name], first_row) for name, column in zip(columns, values, strict=True)},
        schema=dict(types),
    )


def _series(name: str, values: Sequence[Any], dtype: pl.DataType, first_row: int) -> pl.Series:
    converted = [_converted(value, dtype) for value in values]
    try:
        return pl.Series("values", converted, dtype, strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        row, value = next(found for found in enumerate(values, first_row) if not _fits(_converted(found[1], dtype), dtype))
    raise DataError(
        "YT706",
        f'row {row}: {value!r:.60} in column "{name}" is not a {dtype}, as the values of the first rows are',
        "cast the column in the database: `query: SELECT CAST(… AS …)`",
    )


def _converted(value: Any, dtype: pl.DataType) -> Any:
    """A value as polars takes it for this type."""
    if value is None:
        return None
    if dtype.is_float() and type(value) in NUMBERS:
        return float(value)
    if isinstance(dtype, pl.String) and not isinstance(value, str):
        return str(_plain(value))
    if isinstance(dtype, pl.List) and isinstance(value, list | tuple):
        return [None if entry is None else float(entry) for entry in value]
    return _plain(value)


def _plain(value: Any) -> Any:
    """A value in one form, whatever the driver and the session's zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    return bytes(value) if isinstance(value, memoryview | bytearray) else value


def _fits(value: Any, dtype: pl.DataType) -> bool:
    try:
        pl.Series("values", [value], dtype, strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        return False
    return True
