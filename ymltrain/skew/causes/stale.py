"""Stale values: what was served is what another record of the log, mostly an earlier one, should have got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ymltrain.skew.causes.evidence import CONVINCED, Cause, Difference, Tolerance
from ymltrain.skew.records import Floats

LAGS = 64


@dataclass(frozen=True)
class Everything:
    """A feature's expected values for all records of the log (or the first of them), by their number: `[n]` or `[n, width]`."""

    expected: Floats


def one_number(values: Floats) -> Floats:
    """Rows of several numbers as one number each, which rows that are equal share and others hardly do."""
    if values.ndim == 1 or values.shape[1] == 1:
        return values.reshape(len(values))
    weights = np.random.default_rng(53).normal(size=values.shape[1])
    return np.asarray((values * weights).sum(axis=1))


def explain_stale(
    difference: Difference, rows: npt.NDArray[np.int64], everything: Callable[[], Everything], known: Cause | None
) -> Cause | None:
    """The values of earlier records, when that explains more than chance would; None otherwise."""
    if difference.expected.shape != difference.served.shape or not len(difference.order):
        return None
    whole = everything().expected
    if not whole.size:
        return None
    whole = whole.reshape(len(whole), -1)[:, 0] if difference.expected.ndim == 1 else one_number(whole)
    places = np.asarray(difference.order)[rows]
    inside = places < whole.size
    places, served = places[inside], one_number(difference.served[rows][inside]).astype(np.float32)
    if not places.size:
        return None
    codes = whole.astype(np.float32)
    found = _fixed_lag(codes, places, served)
    if found is not None and (known is None or known.name != "default_fill" or found.explained > known.explained):
        return found
    if known is not None:
        return _frozen(codes, places, served, known)
    return _anywhere(codes, places, served)


def _fixed_lag(codes: npt.NDArray[np.float32], places: npt.NDArray[np.int64], served: npt.NDArray[np.float32]) -> Cause | None:
    best, lag = 0.0, 0
    for step in (*range(1, LAGS + 1), *range(-8, 0)):
        source = places - step
        valid = (source >= 0) & (source < codes.size)
        if valid.sum() < max(2, 0.5 * places.size):
            continue
        share = float((codes[source[valid]] == served[valid]).mean())
        if share > best:
            best, lag = share, step
    # by chance two rows agree as often as the column's values repeat
    _, counts = np.unique(codes, return_counts=True)
    chance = float(((counts / codes.size) ** 2).sum())
    if best < CONVINCED or best < 3 * chance or places.size < 3:
        return None
    which = f"{lag} record{'s' if lag > 1 else ''} earlier" if lag > 0 else f"{-lag} record{'s' if lag < -1 else ''} later"
    return Cause("stale_value", f"the value of {which} was served", best, {"lag": lag})


def _frozen(
    codes: npt.NDArray[np.float32], places: npt.NDArray[np.int64], served: npt.NDArray[np.float32], known: Cause
) -> Cause | None:
    """One value for a stretch of records, which is that of the record where the stretch begins."""
    from ymltrain.skew.causes.units import is_default

    value = known.parameters.get("value")
    if known.name != "default_fill" or not isinstance(value, float) or is_default(value) or places.size < 10:
        return None
    first, last = int(places.min()), int(places.max())
    around = codes[max(0, first - 3) : first + 1]
    rare = float((codes == served[0]).mean()) < 0.01
    if abs(served[0]) > 1e-6 and rare and (last - first) <= 3 * places.size and np.isin(served[0], around):
        return Cause(
            "stale_value",
            "one record's value was served for all that follow it",
            known.explained,
            {"frozen": value},
            ("default_fill",),
        )
    return None


def _anywhere(codes: npt.NDArray[np.float32], places: npt.NDArray[np.int64], served: npt.NDArray[np.float32]) -> Cause | None:
    """Each served value is some other record's, of a column whose values seldom repeat."""
    distinct, first = np.unique(codes, return_index=True)
    position = np.minimum(np.searchsorted(distinct, served), distinct.size - 1)
    is_there = distinct[position] == served
    if float(is_there.mean()) < CONVINCED:
        return None
    earlier = float((first[position] <= places).mean())
    repeats = Counter(served.tolist()).most_common(1)[0][1] / served.size
    when = "earlier records" if earlier > 0.9 else "other records"
    found = {"earlier": round(earlier, 3), "most_frequent": round(repeats, 3)}
    alternatives = () if distinct.size > 50 else ("unexplained",)
    return Cause("stale_value", f"values of {when} were served", float(is_there.mean()), found, alternatives)


def explain_shifted(whole: Everything, places: npt.NDArray[np.int64], served: Floats, tolerance: Tolerance) -> Cause | None:
    """Predictions that belong to other records, as when a batch's answers get out of step."""
    inside = places < whole.expected.size
    if not inside.any():
        return None
    places, served = places[inside], served[inside]
    for step in (*range(1, LAGS + 1), *range(-LAGS, 0)):
        source = places - step
        valid = (source >= 0) & (source < whole.expected.size)
        if valid.sum() < max(3, 0.5 * places.size):
            continue
        if tolerance.equal(served[valid], whole.expected[source[valid]], 4.0).mean() >= CONVINCED:
            return Cause("stale_value", f"the prediction of another record was served, {step} before", 1.0, {"lag": step})
    ordered = np.sort(whole.expected)
    position = np.searchsorted(ordered, served)
    near = [ordered[np.clip(position + step, 0, ordered.size - 1)] for step in (-1, 0)]
    found = tolerance.equal(served, near[0], 1.0) | tolerance.equal(served, near[1], 1.0)
    # many predictions lie close to some other one by chance alone
    gap = float(np.median(np.diff(ordered))) if ordered.size > 1 else np.inf
    by_chance = min(1.0, 2 * (tolerance.atol + tolerance.rtol * float(np.median(np.abs(served)))) / max(gap, 1e-300))
    if found.mean() >= CONVINCED and by_chance < 0.3:
        return Cause("shuffled_predictions", "predictions of other records were served", float(found.mean()), {}, ("stale_value",))
    return None
