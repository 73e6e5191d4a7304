"""Features that tell the target: functions of it, or such that it is a function of them.

A relation is exact when no row of those looked at breaks it and enough rows could have: both columns rise together, the
values of one are stretches of the other, or rows with one value of the one have one value of the other. A near relation is
one whose rank dependence is `NEAR` or more: the coefficient xi of Chatterjee, "A new coefficient of correlation" (JASA
2021), which is 1 for a function without noise, monotone or not, and 0 for independence; between two normal variables it is
0.95 at a correlation of 0.998.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.leakage import measure_dependence

MOST_ROWS = 20_000
FEWEST_ROWS = 30
WITNESSES = 10
"""Rows that repeat a value and are not of the commonest sort: so many must bear an exact relation out."""

NEAR = 0.95
NEAR_ROWS = 100

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Relation:
    """How a feature and the target hang together; `by_repeats` when only repeated values show it."""

    words: str
    is_exact: bool
    by_repeats: bool = False


def find_relation(feature: pl.Series, target: pl.Series, *, is_class: bool) -> Relation | None:
    """The relation between a feature and a target (`is_class`: of classes), None when there is none worth a warning."""
    both = feature.is_not_null() & target.is_not_null()
    missing = feature.is_null() & target.is_not_null()
    found = _relation(_codes(feature.filter(both)), _codes(target.filter(both)), is_class=is_class, is_ranked=_is_ranked(feature))
    if found is None and missing.sum() >= WITNESSES and both.sum() >= WITNESSES:
        present = feature.filter(target.is_not_null()).is_not_null().cast(pl.Float64)
        found = _relation(present.to_numpy(), _codes(target.drop_nulls()), is_class=is_class, is_ranked=True)
        if found is not None:
            how = "in every row" if found.is_exact else "all but exactly"
            return Relation(f"whether it has a value tells the target, {how}", found.is_exact, found.by_repeats)
    return found


def _relation(feature: Numbers, target: Numbers, *, is_class: bool, is_ranked: bool) -> Relation | None:
    if len(feature) < FEWEST_ROWS or _rare(feature) < WITNESSES // 2 or _rare(target) < WITNESSES // 2:
        return None
    exact = _with_classes(feature, target, is_ranked=is_ranked) if is_class else _with_amounts(feature, target, is_ranked=is_ranked)
    if exact is not None or len(feature) < NEAR_ROWS:
        return exact
    strength = max(_dependence(feature, target), _dependence(target, feature) if not is_class and is_ranked else 0.0)
    return Relation(f"it tells the target all but exactly (xi {strength:.3f})", is_exact=False) if strength >= NEAR else None


def _with_classes(feature: Numbers, target: Numbers, *, is_ranked: bool) -> Relation | None:
    if is_ranked and len(np.unique(feature)) > 2 and _are_stretches(target, feature):
        return Relation("each class is a stretch of its values", is_exact=True)
    if _decides(feature, target):
        return Relation(f"its value decides the target{_and_back(feature, target)}, in every row", is_exact=True)
    return None


def _with_amounts(feature: Numbers, target: Numbers, *, is_ranked: bool) -> Relation | None:
    direction = _rises_with(feature, target) if is_ranked else ""
    if direction:
        return Relation(f"it {direction} with the target without an exception", is_exact=True)
    if _are_stretches(feature, target):
        return Relation("each of its values is a stretch of the target", is_exact=True)
    if _decides(feature, target):
        words = f"its value decides the target{_and_back(feature, target)}, in every row"
        return Relation(words, is_exact=True, by_repeats=True)
    if _decides(target, feature):
        return Relation("the target decides its value, in every row", is_exact=True, by_repeats=True)
    return None


def _and_back(feature: Numbers, target: Numbers) -> str:
    return " and the target its value" if _decides(target, feature) else ""


def _dependence(x: Numbers, y: Numbers) -> float:
    return measure_dependence(x, y).score


def _codes(column: pl.Series) -> Numbers:
    """Numbers and times as they are, all else as the rank of its text."""
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return column.cast(pl.Float64).to_numpy()
    if column.dtype.is_temporal():
        return column.to_physical().cast(pl.Float64).to_numpy()
    return column.cast(pl.String).rank("dense").cast(pl.Float64).to_numpy()


def _is_ranked(column: pl.Series) -> bool:
    return column.dtype.is_numeric() or column.dtype.is_temporal() or column.dtype == pl.Boolean


def _rare(values: Numbers) -> int:
    """How many rows do not have the commonest value."""
    return len(values) - int(np.unique(values, return_counts=True)[1].max()) if len(values) else 0


def _rises_with(feature: Numbers, target: Numbers) -> str:
    for sign, word in ((1.0, "rises"), (-1.0, "falls")):
        ordered = (sign * feature)[np.lexsort((sign * feature, target))]
        if (np.diff(ordered) >= 0).all():
            return word
    return ""


def _are_stretches(values: Numbers, line: Numbers) -> bool:
    """Whether all rows of each value lie together when rows are sorted by `line`; several rows a value, two values at least."""
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < 2 or len(distinct) > len(values) / WITNESSES or counts.min() < 2:
        return False
    ordered = values[np.lexsort((values, line))]
    return int((np.diff(ordered) != 0).sum()) + 1 == len(distinct)


def _decides(one: Numbers, other: Numbers) -> bool:
    """Whether rows with one value of `one` always have one value of `other`, borne out by enough rows that repeat a value."""
    order = np.lexsort((other, one))
    one, other = one[order], other[order]
    begins = np.concatenate([[True], np.diff(one) != 0])
    if (~begins[1:] & (np.diff(other) != 0)).any():
        return False
    sizes = np.diff(np.append(np.flatnonzero(begins), len(one)))
    repeats = np.repeat(sizes > 1, sizes)
    values, counts = np.unique(other, return_counts=True)
    witnesses = repeats & (other != values[counts.argmax()])
    return int(witnesses.sum()) >= WITNESSES and int(repeats.sum()) >= len(one) / 2
