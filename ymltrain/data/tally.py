"""Counts of what a feature's column holds, gathered block by block.

YT723 a column without any value in the train split.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.report import FeatureReport, SplitCounts, feature_warnings, order_warnings
from ymltrain.diagnostics import DataError
from ymltrain.plan.plan import FeatureSpec

TRAIN, DROPPED = 0, 3
Codes = npt.NDArray[np.uint8]
"""`[n]`: the split of each row, 0 train, 1 val, 2 test; 3 for a row that is dropped."""


class FeatureTally:
    """Counts for one feature."""

    def __init__(self, spec: FeatureSpec) -> None:
        self._spec = spec
        self._nulls = np.zeros(4, np.int64)
        self._infinities = np.zeros(4, np.int64)
        self._unseen = np.zeros(4, np.int64)
        self._values = 0
        self._extremes: set[object] = set()
        self._trained: set[str] = set()

    def count(self, column: pl.Series, codes: Codes) -> None:
        """Take in a block's column as it was read."""
        if column.dtype.is_float():
            values = column.to_numpy()
            self._nulls += count_rows(codes[np.isnan(values)])
            self._infinities += count_rows(codes[np.isinf(values)])
        elif column.null_count():
            self._nulls += count_rows(codes[column.is_null().to_numpy()])

    def learn(self, column: pl.Series) -> None:
        """Take in the train rows of a block's column, without infinities."""
        values = column.len() - column.null_count()
        if not values:
            return
        self._values += values
        if len(self._extremes) < 2:
            self._extremes |= set(_extremes(column))
        if self._spec.order is not None:
            self._trained.update(column.drop_nulls().unique().to_list())

    def count_unseen(self, ids: npt.NDArray[np.int32], codes: Codes) -> None:
        """Take in the encoded ids of a block's category."""
        self._unseen += count_rows(codes[ids == 0])

    def check(self, train_rows: int) -> None:
        """Raise DataError when the train split has no value at all."""
        if not self._values:
            raise DataError(
                "YT723",
                f'the feature "{self._spec.column}" has no value in any of the {train_rows:,} train rows',
                "leave the column out (`ignore`), or check how the file writes missing values",
            )

    def finish(self, rows: SplitCounts) -> tuple[FeatureReport, list[str]]:
        """The counts, and warnings."""
        report = FeatureReport(
            column=self._spec.column,
            nulls=split_counts(self._nulls),
            infinities=split_counts(self._infinities),
            unseen=split_counts(self._unseen),
            is_constant=len(self._extremes) == 1 and (self._spec.type != "category" or not self._nulls[TRAIN]),
        )
        warnings = list(feature_warnings(report, rows))
        if self._spec.order is not None:
            warnings += order_warnings(self._spec.column, self._spec.order, self._trained)
        return report, warnings


def _extremes(column: pl.Series) -> tuple[object, object]:
    """Two values that differ exactly when not all are equal."""
    if isinstance(column.dtype, pl.List):
        present = column.drop_nulls()
        first = present.slice(0, 1).to_list()[0]
        other = next((value for value in present if value.to_list() != first), None)
        return tuple(first), tuple(first if other is None else other.to_list())
    return column.min(), column.max()


def count_rows(codes: Codes) -> npt.NDArray[np.int64]:
    """How many rows each split has, and how many are dropped: `[4]`."""
    return np.bincount(codes, minlength=4).astype(np.int64)


def split_counts(counts: npt.NDArray[np.int64]) -> SplitCounts:
    """The counts of the three splits."""
    return SplitCounts(train=int(counts[0]), val=int(counts[1]), test=int(counts[2]))
