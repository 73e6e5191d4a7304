"""Serving defaults: what a row gets that is served without a value, as the recipe declares it.

Written rules. A value is missing where it is null, NaN or not there. A column that is known later only is never taken from a
request: its default stands for whatever is there. Training takes rows as they are: defaults are of serving alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ymltrain.data.reading import column_values, read_rows
from ymltrain.plan.availability import LATER
from ymltrain.plan.plan import FeatureSpec


@dataclass(frozen=True)
class Defaults:
    """The serving defaults by column. `always` are the columns that serving never has."""

    values: Mapping[str, str | float | bool] = field(default_factory=dict)
    always: frozenset[str] = frozenset()

    @classmethod
    def of(cls, features: Sequence[FeatureSpec]) -> Defaults:
        """Those that features declare."""
        declared = {feature.column: feature.serving_default for feature in features if feature.serving_default is not None}
        return cls(declared, frozenset(feature.column for feature in features if feature.available_at == LATER))

    def count(self, rows: pl.DataFrame) -> dict[str, int]:
        """How many values of each column they stand in for, in rows as `read_rows` gives them."""
        counts = {}
        for name in self.values:
            column = column_values(rows, name)
            missing = column.null_count() + (int(column.is_nan().sum() or 0) if column.dtype.is_float() else 0)
            counts[name] = rows.height if name in self.always else missing
        return counts

    def columns_of(self, row: Mapping[str, Any]) -> list[str]:
        """Which columns of a row that was sent are served by their defaults."""
        return [name for name in self.values if name in self.always or is_missing(row.get(name))]


def fill_defaults(rows: pl.DataFrame, features: Sequence[FeatureSpec]) -> pl.DataFrame:
    """Rows as `read_rows` gives them, with the features' serving defaults where values are missing."""
    filled: dict[str, pl.Series] = {}
    for feature in features:
        if feature.serving_default is None:
            continue
        column = rows.get_column(feature.column).alias("values")
        default = _read(feature)
        if feature.available_at == LATER:
            column = default.new_from_index(0, rows.height)
        elif column.dtype.is_float():
            column = column.fill_nan(None).fill_null(default[0])
        else:
            column = column.fill_null(default[0])
        filled[feature.column] = column
    if not filled:
        return rows
    return pl.DataFrame({column.name: filled.get(column.name, column) for column in rows.iter_columns()})


def _read(feature: FeatureSpec) -> pl.Series:
    """The default as the column is read, `[1]`."""
    return read_rows(pl.DataFrame({"values": [feature.serving_default]}), {"values": feature.reading}).to_series()


def is_missing(value: Any) -> bool:
    """Whether a value that was sent stands for none."""
    return value is None or (isinstance(value, float) and math.isnan(value))
