"""What was done to a time, a text or a truth value before it was encoded: changes that are tried on the raw values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from ymltrain.skew.causes.evidence import Difference, Guess
from ymltrain.skew.causes.texts import CHANGES, changed
from ymltrain.skew.records import Floats

QUARTERS = [15 * quarters for quarters in range(-14 * 4, 14 * 4 + 1) if quarters]
DAYS = (1, -1, 7, -7, 30, -30, 365, -365)
UNITS = {"1d": "its day", "1h": "its hour", "1m": "its minute", "1mo": "its month", "1s": "its second", "1y": "its year"}
TEXT_LENGTHS = (
    3,
    4,
    5,
    8,
    10,
    12,
    15,
    16,
    20,
    24,
    25,
    30,
    32,
    40,
    50,
    60,
    64,
    80,
    100,
    120,
    128,
    140,
    160,
    200,
    250,
    255,
    256,
    500,
)
WORD_COUNTS = (1, 2, 3, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128)
TRIED_ROWS = 64
LAST_MONTH = 12
LEAST_ALIKE = 3


@dataclass(frozen=True)
class Change:
    """A change of raw values: its cause, in words, the values it makes, and how simple it is (lower is simpler)."""

    name: str
    words: str
    column: pl.Series
    simplicity: int
    parameters: dict[str, Any] = field(default_factory=dict)
    needs: int = 1


def raw_guesses(difference: Difference, rows: np.ndarray[Any, Any]) -> Iterator[Guess]:
    """Hypotheses about the affected rows' raw values, for the types that have any; only those that fit a few rows."""
    column = difference.raw[rows.tolist()]
    served = difference.served[rows]
    few = np.unique(np.linspace(0, rows.size - 1, TRIED_ROWS).astype(int))
    for change in _changes(column):
        tried = _encoded(difference, change.column[few.tolist()], served[few].shape)
        if difference.tolerance.equal(tried, served[few], 4.0).reshape(few.size, -1).all(axis=1).mean() >= 0.9:
            predicted = _encoded(difference, change.column, served.shape)
            yield Guess(change.name, change.words, predicted, change.simplicity, change.parameters, change.needs)


def _encoded(difference: Difference, column: pl.Series, shape: tuple[int, ...]) -> Floats:
    return np.asarray(difference.encode_whole(column), np.float64).reshape(shape)


def _changes(column: pl.Series) -> Iterator[Change]:
    if column.dtype.is_temporal():
        yield from _times(column)
    elif column.dtype == pl.String:
        yield from _texts(column)
    elif column.dtype == pl.Boolean:
        yield from _booleans(column)
    missing = pl.Series("values", [None] * column.len(), column.dtype)
    yield Change("default_fill", "it was served as if it were missing", missing, 2, {"value": None})


def _booleans(column: pl.Series) -> Iterator[Change]:
    if column.drop_nulls().n_unique() > 1 or column.len() < LEAST_ALIKE:
        yield Change("swapped_ids", "true and false were exchanged", ~column, 1)
    else:  # only one of both is affected: the other is what was served for all
        value = not column[0]
        filled = pl.Series("values", [value] * column.len())
        yield Change("default_fill", f"{str(value).lower()} was served whatever the value", filled, 1, {"value": value})


def _times(column: pl.Series) -> Iterator[Change]:
    for minutes in QUARTERS:
        words = f"the time is off by {minutes / 60:+g} hours"
        yield Change("time_zone_shift", words, column + timedelta(minutes=minutes), 3, {"hours": minutes / 60}, 2)
    for days in DAYS:
        words = f"the time is off by {days:+d} day{'s' if abs(days) > 1 else ''}"
        yield Change("offset", words, column + timedelta(days=days), 4, {"days": days}, 2)
    for unit, words in UNITS.items():
        yield Change("rounding", f"the time was cut to {words}", column.dt.truncate(unit), 2, {"to": unit}, 2)
    frame = pl.DataFrame({"t": column})
    day, month = pl.col("t").dt.day(), pl.col("t").dt.month()
    exchanged = frame.select(pl.when(day <= LAST_MONTH).then(pl.col("t").dt.replace(month=day, day=month)).otherwise(pl.col("t")))
    yield Change("day_month_swap", "day and month were exchanged", exchanged.to_series(), 3, {}, 2)
    seconds = frame.select((pl.col("t").dt.epoch("us") // 1000).cast(pl.Datetime("us"))).to_series()
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None:
        seconds = seconds.dt.replace_time_zone("UTC").dt.convert_time_zone(column.dtype.time_zone)
    yield Change("unit_change", "seconds were taken for milliseconds", seconds, 3, {"factor": 0.001}, 2)


def _texts(column: pl.Series) -> Iterator[Change]:
    texts = column.drop_nulls().unique().to_list()
    for words, change in CHANGES.items():
        made = changed(texts, change)
        if any(made[text] != text for text in texts):
            replaced = column.replace(list(made), list(made.values()))
            yield Change("string_encoding", f"the text was served {words}", replaced, 2, {"change": words})
    for length in TEXT_LENGTHS:
        yield Change("truncation", f"the text was cut to {length} characters", column.str.slice(0, length), 3, {"to": length}, 2)
    words_of = column.str.extract_all(r"\w+")
    for count in WORD_COUNTS:
        cut = words_of.list.head(count).list.join(" ").set(column.is_null(), None)
        yield Change("truncation", f"the text was cut to {count} words", cut, 4, {"words": count}, 2)
    yield Change("default_fill", "an empty text was served", pl.Series("values", [""] * column.len()), 2, {"value": ""})
