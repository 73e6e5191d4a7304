"""Leakage by which row is which: the order of rows, rows of one group in several splits, what is dated after the event.

Written rules. Order leaks where the target follows from the number of the row (Chatterjee's coefficient at 0.3 or more) and a
feature goes up with that number: under a split that ignores order, each test row has train rows on either side that are told by it.
A column that is named as an id is a group where values repeat (twice on average, 20 of them at least); a time that lies after
the event's was not known at the event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from ymltrain.data.leakage import LEAST_ROWS, Kind, Suspicion, as_numbers, is_named_id, measure_dependence
from ymltrain.diagnostics import DataError
from ymltrain.kinds.typed_columns import is_readable, read_moments

ROW_CODES: dict[Kind, str] = {"order": "YT658", "group": "YT659"}
"""Under which code a recipe's author is told."""

ORDERED_TARGET, ASCENDING = 0.3, 0.99
LEAST_GROUPS = 20


def find_order(sample: pl.DataFrame, targets: Sequence[str], features: Sequence[str]) -> Iterator[Suspicion]:
    """Features that go up with the row's number, where the target follows from it. The sample's rows stand in the table's order."""
    for target in targets:
        wanted = as_numbers(sample.get_column(target))
        there = ~np.isnan(wanted)
        if there.sum() < LEAST_ROWS:
            continue
        by_row = measure_dependence(np.flatnonzero(there).astype(np.float64), wanted[there])
        if by_row.score < ORDERED_TARGET:
            continue
        for name in features:
            if not sample.get_column(name).dtype.is_nested() and goes_up(sample.get_column(name)):
                words = f'rows stand in an order that tells the target "{target}", and "{name}" tells the order'
                yield Suspicion(name, "order", by_row.score, words)


def goes_up(column: pl.Series) -> bool:
    """Whether numbers or times go up (or down) row by row, hardly ever staying the same."""
    if not (column.dtype.is_numeric() or column.dtype.is_temporal()):
        return False
    values = as_numbers(column)
    steps = np.diff(values[~np.isnan(values)])
    return steps.size >= LEAST_ROWS and max(float((steps > 0).mean()), float((steps < 0).mean())) >= ASCENDING


def find_groups(sample: pl.DataFrame, columns: Sequence[str]) -> Iterator[Suspicion]:
    """Columns that name what several rows belong to: a customer, a patient, a machine."""
    for name in columns:
        column = sample.get_column(name)
        if not is_named_id(name) or not is_readable(column.dtype) or column.dtype.is_float():
            continue
        present = column.alias("values").drop_nulls()
        groups = present.n_unique()
        if groups >= LEAST_GROUPS and present.len() >= 2 * groups:
            words = f'"{name}" has {present.len() / groups:.1f} rows to a value, which would stand in train and in test'
            yield Suspicion(name, "group", 1.0, words)


def count_later(event: pl.Series, known: pl.Series) -> tuple[int, int]:
    """How many rows have a time after the event's, and the first of them (-1 when there is none).

    Times are read as a timestamp's are. Raises DataError (YT729) where they are none.
    """
    later = read_moments(known) > read_moments(event)
    return int(later.sum()), int(later.argmax()) if later.any() else -1


def find_later(sample: pl.DataFrame, event_time: str, times: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Columns of times with rows after the event: name, how many rows, the first of them."""
    for name in times:
        try:
            count, first = count_later(sample.get_column(event_time), sample.get_column(name))
        except DataError:
            continue  # what is no time has been reported
        if count:
            yield name, count, first
