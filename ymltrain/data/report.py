"""What preparing the data found: counts per split and column, and warnings for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

SplitName = Literal["train", "val", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "val", "test")


class SplitCounts(msgspec.Struct, frozen=True, kw_only=True):
    """A number for each split."""

    train: int = 0
    val: int = 0
    test: int = 0


class FeatureReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a feature's column held.

    `nulls` counts NaN too; `infinities` are read as nulls; `unseen` are values of a category that the train split does
    not have. A column is constant when all its values in the train split are equal.
    """

    column: str
    nulls: SplitCounts
    infinities: SplitCounts
    unseen: SplitCounts
    is_constant: bool


class Leak(msgspec.Struct, frozen=True, kw_only=True):
    """What may have told a model the answers: a stable code, the column (None: rows), and how many rows."""

    code: str
    column: str | None
    message: str
    hint: str
    rows: int

    def __str__(self) -> str:
        return f"[{self.code}] {self.message}; {self.hint}"


class DataReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a table's rows. Everything learned from data was learned from `fitted_rows` rows of `fitted_on`.

    Of texts `rows` counts the windows that are trained and measured on, `texts` the rows of the table that they were cut from,
    and `tokens` what they hold.
    """

    rows_read: int
    rows_without_target: int
    rows: SplitCounts
    fitted_on: SplitName = "train"
    fitted_rows: int
    features: tuple[FeatureReport, ...]
    warnings: tuple[str, ...]
    leaks: tuple[Leak, ...] = ()
    texts: SplitCounts | None = None
    tokens: SplitCounts | None = None


def feature_warnings(report: FeatureReport, rows: SplitCounts) -> Iterator[str]:
    """What a person should know about a column."""
    if report.is_constant:
        yield f'"{report.column}" has one value only in the train split: it tells a model nothing'
    infinities = report.infinities.train + report.infinities.val + report.infinities.test
    if infinities:
        yield f'"{report.column}" has {infinities:,} infinite values, read as missing'
    for split in SPLITS[1:]:
        unseen, total = getattr(report.unseen, split), getattr(rows, split)
        if unseen:
            yield f'"{report.column}" has values in {unseen:,} of {total:,} {split} rows that no train row has'


def order_warnings(column: str, order: tuple[str, ...], trained: set[str]) -> Iterator[str]:
    """Where the recipe's order of a category and the train split differ."""
    absent = [value for value in order if value not in trained]
    if absent:
        yield f'"{column}": no train row has {_listed(absent)}, which `order` lists'
    unlisted = sorted(trained.difference(order))
    if unlisted:
        yield f'"{column}": train rows have {_listed(unlisted)}, which `order` leaves out; they come after the others'


def _listed(values: list[str]) -> str:
    return ", ".join(f'"{value}"' for value in values[:5]) + (f" and {len(values) - 5} more" if len(values) > 5 else "")
