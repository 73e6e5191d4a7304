"""What a sample of a table says of leakage: columns that tell the target, and could not when predictions are asked for.

Written rules. How far one column is a function of another is Chatterjee's coefficient (2021): 0 where they are independent, 1
where the second follows from the first, whatever the function and whatever the types. Beside it stands the number of sweeps:
how often the second runs through its whole range while the first is gone through in order. A function of some use makes few,
chance makes about a third of the rows. A column is a function of the target, or the target of it, at a coefficient of 0.96 with
8 sweeps at most (or of few values, each with one value of the other); it all but tells the target at a coefficient of 0.95. Two
numbers tell it where their product, ratio, sum or difference is the target up to a constant. Fewer than 50 rows say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.reading import column_values
from ymltrain.kinds.column_types import infer_column_type

Kind: TypeAlias = Literal[
    "copy", "function_of_target", "near_perfect", "missing_tells", "derived", "order", "group", "identifier", "constant"
]
CODES: dict[Kind, str] = {
    "copy": "YT654",
    "function_of_target": "YT655",
    "missing_tells": "YT655",
    "derived": "YT655",
    "near_perfect": "YT656",
    "identifier": "YT657",
}
"""Under which code a recipe's author is told; a constant column is told by `fit` in its own way."""

Values: TypeAlias = npt.NDArray[np.float64]

LEAST_ROWS = 50
MOST_CELLS = 2_000_000
FUNCTION, NEAR_PERFECT = 0.96, 0.95
SWEEPS = 8
PAIRED_COLUMNS, PAIRED_ROWS, SIFTED_ROWS = 60, 400, 48
MOST_DERIVED = 3
DISTINCT = 0.98
SEED = 90_001


@dataclass(frozen=True)
class Suspicion:
    """A column that looks like a leak, or of no use: why, how strongly (0 to 1), and in words. `others` takes part in it."""

    column: str
    kind: Kind
    score: float
    words: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dependence:
    """How far one column follows from another: Chatterjee's coefficient, and the sweeps (infinite where nothing varies)."""

    score: float
    sweeps: float


def find_suspicions(sample: pl.DataFrame, targets: Sequence[str], features: Sequence[str]) -> list[Suspicion]:
    """What is suspicious in the feature columns of a sample, at most one finding a column, in their order.

    Columns are taken as they stand, of any type; nested ones are left out.
    """
    known = _spread(sample, [name for name in (*targets, *features) if name in sample.columns])
    values = {name: as_numbers(known.get_column(name)) for name in known.columns if not known.get_column(name).dtype.is_nested()}
    found: list[Suspicion] = []
    for name in features:
        if name in values:
            found += list(_of_column(known.get_column(name), values, targets))[:1]
    accused = {suspicion.column for suspicion in found if suspicion.kind != "identifier"}
    for target in targets:
        if target in values and _is_number(known, target):
            numbers = [name for name in features if name in values and name not in accused and _is_number(known, name)]
            found += list(islice(_derived(target, values, numbers[:PAIRED_COLUMNS]), MOST_DERIVED))
    return sorted(found, key=lambda suspicion: list(features).index(suspicion.column))


def _spread(sample: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """These columns, of a wide sample at fewer rows, spread evenly."""
    names = list(dict.fromkeys(names))
    step = max(1, sample.height * len(names) // MOST_CELLS)
    return pl.DataFrame({name: column_values(sample, name).gather_every(step) for name in names})


def _is_number(sample: pl.DataFrame, name: str) -> bool:
    return sample.get_column(name).dtype.is_numeric()


def as_numbers(column: pl.Series) -> Values:
    """Values as numbers in an order: numbers as they are, times by the clock, text by code point; NaN where one is missing."""
    column = column.alias("values")
    if column.dtype.is_numeric() or column.dtype.is_temporal() or column.dtype == pl.Boolean:
        return column.to_physical().cast(pl.Float64).to_numpy()
    return column.cast(pl.String, strict=False).rank("dense").cast(pl.Float64).to_numpy()


def _of_column(column: pl.Series, values: Mapping[str, Values], targets: Sequence[str]) -> Iterator[Suspicion]:
    name, feature = column.name, values[column.name]
    if feature.size >= LEAST_ROWS and np.unique(feature[~np.isnan(feature)]).size <= 1 and not np.isnan(feature).any():
        yield Suspicion(name, "constant", 1.0, f'"{name}" has one value only: it tells a model nothing')
        return
    for target in targets:
        if target in values and target != name:
            yield from _of_pair(name, feature, target, values[target])
    if is_identifier(column):
        words = f'"{name}" looks like an identifier: each row has a value of its own, of which a model learns nothing that lasts'
        yield Suspicion(name, "identifier", 1.0, words)


def _of_pair(name: str, feature: Values, target: str, wanted: Values) -> Iterator[Suspicion]:
    there = ~np.isnan(feature) & ~np.isnan(wanted)
    x, y = feature[there], wanted[there]
    if x.size >= LEAST_ROWS:
        if np.array_equal(x, y) and np.unique(y).size > 1:
            yield Suspicion(name, "copy", 1.0, f'"{name}" holds the target: the two are equal in all {x.size:,} rows looked at')
            return
        tells, told = measure_dependence(x, y), measure_dependence(y, x)
        if is_function(told, y, x):
            yield Suspicion(
                name, "function_of_target", told.score, f'"{name}" follows from the target "{target}": it was made of it'
            )
        elif is_function(tells, x, y):
            words = f'the target "{target}" follows from "{name}" alone'
            yield Suspicion(name, "function_of_target", tells.score, words)
        elif tells.score >= NEAR_PERFECT:
            words = f'"{name}" alone all but tells the target "{target}" (dependence {tells.score:.3f} of 1)'
            yield Suspicion(name, "near_perfect", tells.score, words)
    present = ~np.isnan(wanted)
    missing, all_wanted = np.isnan(feature[present]).astype(np.float64), wanted[present]
    share = float(missing.mean()) if missing.size else 0.0
    if missing.size >= LEAST_ROWS and 0.01 <= share <= 0.99:
        tells, told = measure_dependence(missing, all_wanted), measure_dependence(all_wanted, missing)
        if max(tells.score, told.score) >= NEAR_PERFECT and told.sweeps <= SWEEPS:
            words = f'whether "{name}" is missing all but tells the target "{target}": it seems to be filled in afterwards'
            yield Suspicion(name, "missing_tells", max(tells.score, told.score), words)


def measure_dependence(x: Values, y: Values) -> Dependence:
    """How far `y` follows from `x`, both `[n]` without missing values. Equal values of x are taken in a random, fixed order."""
    order = np.lexsort((np.random.default_rng(SEED).random(x.size), x))
    ascending = np.sort(y)
    upto = np.searchsorted(ascending, y, side="right").astype(np.float64)
    least = y.size - np.searchsorted(ascending, y, side="left").astype(np.float64)
    by_chance = 2 * float((least * (y.size - least)).sum()) / y.size
    span = float(upto.max() - upto.min())
    if not by_chance or not span:
        return Dependence(0.0, np.inf)
    moved = float(np.abs(np.diff(upto[order])).sum())
    return Dependence(1 - moved / by_chance, moved / span)


def is_function(found: Dependence, x: Values, y: Values) -> bool:
    """Whether `y` follows from `x`: in few sweeps, or each of few values of x has one value of y."""
    if found.score < FUNCTION:
        return False
    if found.sweeps <= SWEEPS:
        return True
    distinct = np.unique(x).size
    return distinct <= x.size / 5 and np.unique(np.stack([x, y]), axis=1).shape[1] == distinct


_ID_NAME = re.compile(r"(?:^|[_\W])(?:id|uuid|guid|key|index|row_?(?:number|id)|unnamed: 0)$|[a-z]I[dD]$|^$", re.IGNORECASE)


def is_identifier(column: pl.Series) -> bool:
    """Whether a column numbers or names its rows: nearly all values differ, and they are codes in text, or whole numbers.

    Whole numbers are an identifier when they leave few gaps, go up row by row, or are named like one.
    """
    present = column.alias("values").drop_nulls()
    if present.len() < LEAST_ROWS or present.dtype.is_nested() or present.n_unique() < DISTINCT * present.len():
        return False
    if not present.dtype.is_integer():
        return present.dtype == pl.String and infer_column_type(present) == "category"
    numbers: Values = present.cast(pl.Float64).to_numpy()
    is_dense = float(numbers.max()) - float(numbers.min()) < 1.1 * numbers.size
    return is_dense or bool((np.diff(numbers) > 0).all()) or is_named_id(column.name)


def is_named_id(name: str) -> bool:
    """Whether a column's name says that it identifies something."""
    return _ID_NAME.search(name) is not None


def _derived(target: str, values: Mapping[str, Values], numbers: Sequence[str]) -> Iterator[Suspicion]:
    """Pairs of numbers that give the target when they are multiplied, divided, added or subtracted."""
    step = max(1, values[target].size // PAIRED_ROWS)
    wanted = values[target][::step]
    columns = {name: values[name][::step] for name in numbers}
    varying = [name for name, found in columns.items() if np.unique(found[np.isfinite(found)]).size > 5]
    spread = float(np.nanstd(wanted)) if np.isfinite(wanted).any() else 0.0
    with np.errstate(all="ignore"):
        for position, one in enumerate(varying):
            others = varying[position + 1 :]
            stacked = np.stack([columns[other] for other in others]) if others else np.empty((0, wanted.size))
            for words, rest, is_ratio in _combined(wanted, columns[one], stacked):
                sifted = _constant_share(rest[:, :SIFTED_ROWS], spread, is_ratio=is_ratio) >= 0.8
                for row in np.flatnonzero(sifted):
                    if _constant_share(rest[row : row + 1], spread, is_ratio=is_ratio)[0] >= 0.99:
                        made = words.format(a=one, b=others[row])
                        yield Suspicion(one, "derived", 1.0, f'the target "{target}" is {made}, up to a constant', (others[row],))


def _combined(wanted: Values, a: Values, b: Values) -> tuple[tuple[str, Values, bool], ...]:
    """What remains of the target, `[columns, n]`, after each way to combine a column with others; whether it is a ratio."""
    return (
        ("{a} × {b}", wanted / (a * b), True),
        ("{a} / {b}", wanted * b / a, True),
        ("{b} / {a}", wanted * a / b, True),
        ("{a} + {b}", wanted - (a + b), False),
        ("{a} - {b}", wanted - (a - b), False),
        ("{b} - {a}", wanted - (b - a), False),
    )


def _constant_share(rest: Values, spread: float, *, is_ratio: bool) -> Values:
    """Which share of each row of `[columns, n]` is one value, to a thousandth; 0 where too few are numbers."""
    if not rest.shape[0] or not spread:
        return np.zeros(rest.shape[0])
    finite = np.where(np.isfinite(rest), rest, np.nan)
    counted = (~np.isnan(finite)).sum(axis=1)
    middle = np.array([np.median(row[~np.isnan(row)]) if count else 0.0 for row, count in zip(finite, counted, strict=True)])
    tolerance = 1e-3 * (np.abs(middle) if is_ratio else np.full(middle.size, spread))
    near = (np.abs(finite - middle[:, None]) <= tolerance[:, None]).sum(axis=1)
    enough = (counted >= min(LEAST_ROWS, rest.shape[1]) * 0.9) & ((middle != 0) if is_ratio else True)
    return np.where(enough, near / np.maximum(1, counted), 0.0)
