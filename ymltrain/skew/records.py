"""Raw records against a bundle's contract: each column as its type, and which rows break the contract."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.bundle.defaults import Defaults
from ymltrain.data.json_values import json_column, table_column
from ymltrain.data.reading import Readings
from ymltrain.plan.shapes import Reading
from ymltrain.skew.log import ABSENT, Absent, RawBatch

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

NO_DEFAULTS = Defaults()


@dataclass
class Column:
    """A column as its type, nulls where a value is missing, absent or of another type; `values` are the original ones.

    `defaulted` are rows that are served by the declared default; none of them counts as absent.
    """

    read: pl.Series
    values: pl.Series | list[Any] | None
    absent: Mask | None = None
    wrong: Mask | None = None
    defaulted: Mask | None = None

    def value(self, row: int) -> Any:
        """The value as it was written."""
        found = None if self.values is None else self.values[row]
        return None if isinstance(found, Absent) else found


@dataclass
class Records:
    """A batch of records, read. `features` holds values as they were written: `served_values` reads those that are drawn."""

    first_row: int
    rows: int
    columns: dict[str, Column]
    extra: list[str]
    features: dict[str, pl.Series | list[Any]] | None
    has_features: Mask
    fields: dict[str, pl.Series]
    raw: RawBatch
    damaged: list[int] = field(default_factory=list)

    @property
    def inputs(self) -> pl.DataFrame:
        """The contract's columns, as encoders take them."""
        return pl.DataFrame({name: column.read for name, column in self.columns.items()})


def read_records(raw: RawBatch, first_row: int, columns: Readings, defaults: Defaults = NO_DEFAULTS) -> Records:
    """Raw records as a bundle with these input columns, and these serving defaults, takes them."""
    read = {name: read_column(raw.inputs.get(name), reading, raw.rows) for name, reading in columns.items()}
    for name in defaults.values:
        read[name] = _with_default(read[name], is_always=name in defaults.always)
    has = np.zeros(raw.rows, bool) if raw.has_features is None else raw.has_features.to_numpy()
    return Records(
        first_row=first_row,
        rows=raw.rows,
        columns=read,
        extra=[name for name in raw.inputs if name not in columns],
        features=raw.features,
        has_features=has,
        fields={name: as_series(values) for name, values in raw.fields.items()},
        raw=raw,
        damaged=raw.damaged,
    )


def _with_default(column: Column, *, is_always: bool) -> Column:
    """The column where missing values are served by a default: they are absent by right."""
    missing = column.read.is_null() | column.read.is_nan() if column.read.dtype.is_float() else column.read.is_null()
    defaulted = missing.fill_null(value=True).to_numpy(writable=True)
    if column.wrong is not None:
        defaulted &= ~column.wrong
    return replace(column, absent=None, defaulted=np.ones_like(defaulted) if is_always else defaulted)


def read_column(values: pl.Series | list[Any] | None, reading: Reading, rows: int) -> Column:
    """A column as its type, and where it is absent or of another type."""
    if values is None:
        empty = pl.Series("values", [None] * rows, pl.Null)
        return Column(table_column(empty, reading)[0], None, absent=np.ones(rows, bool))
    if isinstance(values, list):
        read, wrong = json_column(values, reading)
        if not wrong.any():
            return Column(read, values)
        absent = np.fromiter((value is ABSENT for value in values), bool, len(values))
        return Column(read, values, absent, wrong & ~absent)
    read, wrong = table_column(values, reading)
    return Column(read, values, wrong=wrong if wrong.any() else None)


def served_values(values: pl.Series | list[Any], rows: int) -> Floats:
    """Encoded values as they were served: `[n]` floats, or `[n, width]` where they are lists; NaN for what is no number."""
    if isinstance(values, pl.Series):
        if isinstance(values.dtype, pl.List | pl.Array):
            return _matrix(values.to_list(), rows)
        numeric = values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null)
        return values.cast(pl.Float64).to_numpy() if numeric else np.full(rows, np.nan)
    if any(isinstance(value, list) for value in values):
        return _matrix(values, rows)
    return np.array([_number(value) for value in values], np.float64)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _matrix(values: Sequence[Any], rows: int) -> Floats:
    width = max((len(value) for value in values if isinstance(value, list)), default=1)
    matrix = np.full((rows, width), np.nan)
    for row, value in enumerate(values):
        if isinstance(value, list):
            matrix[row, : len(value)] = [_number(part) for part in value]
    return matrix


def as_series(values: pl.Series | list[Any]) -> pl.Series:
    """A field beside inputs and features; of mixed JSON values as text, of lists as their parts."""
    if isinstance(values, pl.Series):
        return values.cast(pl.List(pl.String)).list.join(", ") if isinstance(values.dtype, pl.List) else values
    plain = [None if isinstance(value, Absent) else _joined(value) for value in values]
    types = {type(value) for value in plain} - {type(None)}
    if types <= {int, float}:
        return pl.Series(values=[None if value is None else float(value) for value in plain], dtype=pl.Float64)
    if types <= {bool}:
        return pl.Series(values=plain, dtype=pl.Boolean)
    return pl.Series(
        values=[None if value is None else value if isinstance(value, str) else str(value) for value in plain], dtype=pl.String
    )


def _joined(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
