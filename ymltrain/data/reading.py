"""The columns of an Arrow batch as the types a recipe gives them: one way for training and prediction.

Written rules. A `number` is a float64: integers, floats and decimals are converted (integers beyond 2^53 to the nearest
float64); text and booleans are no numbers. A `category` is text: integers in decimal, floats as Python prints them (1.0,
1e+16, float32 with its own digits), booleans as true and false, dates and times in ISO 8601, NaN as null. So a CSV file
and a Parquet file of the same table give the same features. Nested and binary columns cannot be read.

YT705 the batch lacks a column; YT707 a column's type does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from ymltrain.diagnostics import DataError, did_you_mean
from ymltrain.kinds.contracts import ArrowStream, ColumnType


def read_rows(batch: ArrowStream, columns: Mapping[str, ColumnType]) -> pl.DataFrame:
    """The named columns, in their order: Float64 for `number` (NaN and infinities stay), String for `category`."""
    frame = batch if isinstance(batch, pl.DataFrame) else pl.DataFrame(batch)
    return pl.DataFrame({name: _read_column(frame, name, column_type) for name, column_type in columns.items()})


def column_values(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column under a neutral name: polars takes some names (`*`, `^a$`) for patterns."""
    return frame.get_column(name).alias("values")


def finite_or_null(column: pl.Series) -> pl.Series:
    """A column with NaN and infinities as nulls, as encoders take it."""
    if not column.dtype.is_float():
        return column
    finite = column.is_finite()
    return column if finite.all() else column.set(~finite.fill_null(value=True), None)


def is_readable(dtype: pl.DataType) -> bool:
    """Whether a column of this type can be read, as a category at least."""
    return dtype.is_numeric() or (dtype.is_temporal() and dtype != pl.Duration) or isinstance(dtype, _TEXT_TYPES)


_TEXT_TYPES = (pl.String, pl.Boolean, pl.Categorical, pl.Enum, pl.Null)


def _read_column(frame: pl.DataFrame, name: str, column_type: ColumnType) -> pl.Series:
    if name not in frame.columns:
        raise DataError("YT705", f'the table has no column "{name}"', did_you_mean(name, frame.columns))
    column = column_values(frame, name)
    if column_type == "number" and (column.dtype.is_numeric() or column.dtype == pl.Null):
        return column.cast(pl.Float64)
    if column_type == "category" and is_readable(column.dtype):
        return _as_text(column)
    raise DataError(
        "YT707",
        f'column "{name}" holds {column.dtype}, which cannot be read as a {column_type}',
        "convert the column, or give it another type in the recipe",
    )


def _as_text(column: pl.Series) -> pl.Series:
    if not column.dtype.is_float():
        return column.cast(pl.String)
    values = column.to_numpy()
    is_missing = np.isnan(values)
    return pl.Series(
        "values", [None if missing else str(value) for value, missing in zip(values, is_missing, strict=True)], pl.String
    )
