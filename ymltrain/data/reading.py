"""The columns of an Arrow batch as the types a recipe gives them: one way for training and prediction.

What each type makes of a value is written in `ymltrain.kinds.typed_columns`.

YT705 the batch lacks a column; YT707 a column's type does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import polars as pl

from ymltrain.diagnostics import DataError, did_you_mean
from ymltrain.kinds.contracts import ArrowStream
from ymltrain.kinds.typed_columns import read_column
from ymltrain.plan.shapes import ColumnType, Reading

Readings: TypeAlias = Mapping[str, Reading]


def read_rows(batch: ArrowStream, columns: Readings) -> pl.DataFrame:
    """The named columns, in their order, as encoders take them but for NaN and infinities of numbers, which stay."""
    frame = batch if isinstance(batch, pl.DataFrame) else pl.DataFrame(batch)
    return pl.DataFrame({name: _read_column(frame, name, reading) for name, reading in columns.items()})


def source_columns(columns: Readings) -> dict[str, ColumnType]:
    """What a datasource is asked for."""
    return {name: reading.type for name, reading in columns.items()}


def column_values(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column under a neutral name: polars takes some names (`*`, `^a$`) for patterns."""
    return frame.get_column(name).alias("values")


def finite_or_null(column: pl.Series) -> pl.Series:
    """A column with NaN and infinities as nulls, as encoders take it."""
    import numpy as np  # `check` reads rows and needs none

    if not column.dtype.is_float() or (not column.null_count() and np.isfinite(column.to_numpy()).all()):
        return column
    finite = column.is_finite()
    return column if finite.all() else column.set(~finite.fill_null(value=True), None)


def _read_column(frame: pl.DataFrame, name: str, reading: Reading) -> pl.Series:
    if name not in frame.columns:
        raise DataError("YT705", f'the table has no column "{name}"', did_you_mean(name, frame.columns))
    column = column_values(frame, name)
    read = read_column(column, name, reading)
    if read is None:
        raise DataError(
            "YT707",
            f'column "{name}" holds {column.dtype}, which cannot be read as a {reading.type}',
            "convert the column, or give it another type in the recipe",
        )
    return read
