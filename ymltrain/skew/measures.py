"""Columns as profiles measure them: numbers as Float64, everything else as text."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ymltrain.plan.shapes import ColumnType
from ymltrain.skew.histogram import Bins, category_bins, number_bins

UNMEASURED: tuple[ColumnType, ...] = ("timestamp", "text", "vector")
"""Column types whose values are not counted themselves but in aspects (`ymltrain.skew.aspects`)."""


def measured(column: pl.Series) -> pl.Series:
    """A column as `read_rows` gives it, as the bins of its type count it; its name is a neutral one, no pattern to polars."""
    column = column.alias("values")
    if column.dtype.is_numeric():
        return column.cast(pl.Float64)
    return column if column.dtype == pl.String else column.cast(pl.String)


def bins_of(column: pl.Series, order: Sequence[str] = ()) -> Bins:
    """Bins for a measured column of training values."""
    if column.dtype.is_numeric():
        return number_bins(column.drop_nulls().to_numpy())
    return category_bins(column, order)
