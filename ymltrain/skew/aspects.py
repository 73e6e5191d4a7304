"""Times, texts and vectors in distribution: what of them can be counted in bins fixed at training.

Written rules. A time moves on, so its place in the calendar is no change; its hour of the day (where training has hours at all)
and its day of the week, by the clock of its column, are compared, once a log's times span a day and a week. Of a text its number of
words and the share of them that are among the thousand most frequent of training are; of a vector its length (Euclid's) and its
place along three fixed directions. A value that is missing is missing in each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.reading import Readings
from ymltrain.skew.histogram import CategoryBins, Distribution, number_bins

AspectKind: TypeAlias = Literal["hour", "weekday", "words", "known_words", "length", "direction"]

WORDS: dict[AspectKind, str] = {
    "hour": "hour of the day",
    "weekday": "day of the week",
    "words": "number of words",
    "known_words": "share of words that training knows",
    "length": "length of the vector",
    "direction": "place along a direction",
}
CAUSES: dict[AspectKind, str] = {
    "hour": "time_of_day_change",
    "weekday": "weekday_change",
    "words": "text_length_change",
    "known_words": "vocabulary_change",
    "length": "vector_length_change",
    "direction": "vector_direction_change",
}
SPANS: Mapping[AspectKind, float] = {"hour": 86_400.0, "weekday": 7 * 86_400.0}
"""How many seconds a log's times must span before the aspect is compared: one hour of a day is no change of its hours."""

KNOWN_WORDS = 1_000
DIRECTIONS = 3
SEED = 71_003
HOURS = tuple(f"{hour:02}" for hour in range(24))
WEEKDAYS = ("1", "2", "3", "4", "5", "6", "7")


class Aspect(msgspec.Struct, frozen=True, kw_only=True):
    """Something of a column that is counted. `vocabulary` are the words training knows, `direction` a vector of length one."""

    column: str
    kind: AspectKind
    found: Distribution
    vocabulary: tuple[str, ...] = ()
    direction: tuple[float, ...] = ()

    def measure(self, column: pl.Series) -> pl.Series:
        """The aspect of each value of a column as `read_rows` gives it: Float64 or String, null where it is missing."""
        return _MEASURES[self.kind](self, column.alias("values"))


def find_aspects(rows: pl.DataFrame, columns: Readings) -> dict[str, Aspect]:
    """The aspects of all times, texts and vectors of the train rows, by a name for people."""
    found: dict[str, Aspect] = {}
    for name, reading in columns.items():
        start = _STARTS.get(reading.type)
        for number, aspect in enumerate(start(name, rows.get_column(name).alias("values")) if start is not None else ()):
            words = WORDS[aspect.kind] + (f" {number}" if aspect.kind == "direction" else "")
            found[f"{name}: {words}"] = aspect
    return found


def _counted(aspect: Aspect, column: pl.Series) -> Aspect:
    """The aspect with the bins and counts of the training values."""
    values = aspect.measure(column)
    if aspect.kind in ("hour", "weekday"):
        bins = CategoryBins(values=HOURS if aspect.kind == "hour" else WEEKDAYS, holds_all=True)
        return msgspec.structs.replace(aspect, found=Distribution(bins=bins, counts=tuple(bins.count(values).tolist())))
    numbers = number_bins(values.drop_nulls().to_numpy())
    return msgspec.structs.replace(aspect, found=Distribution(bins=numbers, counts=tuple(numbers.count(values).tolist())))


_NOTHING = Distribution(bins=CategoryBins(values=(), holds_all=True), counts=(0, 0, 0))


def _times(name: str, column: pl.Series) -> Iterator[Aspect]:
    clock = column.dt.time().drop_nulls()
    if clock.n_unique() > 1:
        yield _counted(Aspect(column=name, kind="hour", found=_NOTHING), column)
    if column.dt.weekday().drop_nulls().n_unique() > 1:
        yield _counted(Aspect(column=name, kind="weekday", found=_NOTHING), column)


def _texts(name: str, column: pl.Series) -> Iterator[Aspect]:
    yield _counted(Aspect(column=name, kind="words", found=_NOTHING), column)
    words = _split(column).explode().drop_nulls().value_counts(sort=True)
    known = tuple(sorted(words.get_column(words.columns[0]).head(KNOWN_WORDS).to_list()))
    yield _counted(Aspect(column=name, kind="known_words", found=_NOTHING, vocabulary=known), column)


def _vectors(name: str, column: pl.Series) -> Iterator[Aspect]:
    yield _counted(Aspect(column=name, kind="length", found=_NOTHING), column)
    width = int(column.list.len().max() or 0)  # type: ignore[arg-type]  # a length is a number
    drawn = np.random.default_rng(SEED).normal(size=(DIRECTIONS, width))
    for direction in drawn / np.maximum(1e-12, np.linalg.norm(drawn, axis=1, keepdims=True)):
        yield _counted(
            Aspect(column=name, kind="direction", found=_NOTHING, direction=tuple(np.round(direction, 6).tolist())), column
        )


_STARTS: Mapping[str, Callable[[str, pl.Series], Iterator[Aspect]]] = {"timestamp": _times, "text": _texts, "vector": _vectors}


def _hour(_: Aspect, column: pl.Series) -> pl.Series:
    return column.dt.strftime("%H")


def _weekday(_: Aspect, column: pl.Series) -> pl.Series:
    return column.dt.weekday().cast(pl.String)


def _split(column: pl.Series) -> pl.Series:
    return column.str.to_lowercase().str.extract_all(r"\w+")


def _count_words(_: Aspect, column: pl.Series) -> pl.Series:
    return column.str.count_matches(r"\w+").cast(pl.Float64)


def _known_words(aspect: Aspect, column: pl.Series) -> pl.Series:
    """The share of known words; a text without words knows all of its own."""
    words = _split(column)
    exploded = pl.DataFrame({"row": pl.int_range(column.len(), eager=True), "word": words}).explode("word").drop_nulls()
    known = exploded.with_columns(known=pl.col("word").is_in(pl.Series(aspect.vocabulary).implode()).cast(pl.Float64))
    shares = known.group_by("row").agg(pl.col("known").mean())
    dense = np.full(column.len(), 1.0)
    dense[shares.get_column("row").to_numpy()] = shares.get_column("known").to_numpy()
    return pl.Series("values", dense).set(column.is_null(), None)


def _length(_: Aspect, column: pl.Series) -> pl.Series:
    return column.list.eval(pl.element() ** 2).list.sum().sqrt().set(column.is_null(), None)


def _along(aspect: Aspect, column: pl.Series) -> pl.Series:
    """Values of other widths are cut, or taken for zero where they lack numbers."""
    direction = np.asarray(aspect.direction)
    matrix = _matrix(column, direction.size)
    return pl.Series("values", matrix @ direction).set(column.is_null(), None)


def _matrix(column: pl.Series, width: int) -> npt.NDArray[np.float64]:
    lengths = column.list.len().fill_null(0).to_numpy().astype(np.int64)
    flat = column.drop_nulls().filter(column.drop_nulls().list.len() > 0).explode().to_numpy()
    rows = np.repeat(np.arange(column.len()), lengths)
    places = np.arange(flat.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    matrix = np.zeros((column.len(), width))
    inside = places < width
    matrix[rows[inside], places[inside]] = flat[inside]
    return matrix


_MEASURES: Mapping[AspectKind, Callable[[Aspect, pl.Series], pl.Series]] = {
    "hour": _hour,
    "weekday": _weekday,
    "words": _count_words,
    "known_words": _known_words,
    "length": _length,
    "direction": _along,
}
