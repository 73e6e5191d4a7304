"""Changes that look made rather than grown: an exact unit, a value that never varies, another column's values.

The inputs of a log cannot prove a fault, so what is recognised here makes a finding `undetermined`, never an engineering fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from ymltrain.skew.causes.units import CONVERSIONS, FACTORS
from ymltrain.skew.histogram import CategoryBins, NumberBins
from ymltrain.skew.measures import measured
from ymltrain.skew.profile import Distribution, Profile
from ymltrain.skew.records import Floats
from ymltrain.skew.statistics import compare_counts

FAR = 0.25
NEAR = 0.08
LEAST_ROWS = 20


@dataclass(frozen=True)
class Signature:
    """A cause, and what to say of it."""

    cause: str
    words: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def recognise(name: str, inputs: pl.DataFrame, reference: Profile) -> Signature | None:
    """The signature of a changed input column, from drawn rows of the log; None when it is a change like any other."""
    column = measured(inputs.get_column(name))
    there = column.drop_nulls()
    if there.len() < LEAST_ROWS:
        return None
    distribution = reference.features[name]
    if there.n_unique() == 1 and int((distribution.array > 0).sum()) > 3:
        return Signature("constant_value", f"it is {there[0]!r} in every record", {"value": there[0]})
    if isinstance(distribution.bins, NumberBins):
        values = there.to_numpy()
        found = _unit(values[np.isfinite(values)], distribution)
        if found is not None:
            return found
    return _other_column(name, inputs, reference)


def _ks(values: Floats, distribution: Distribution) -> float:
    counts = distribution.bins.count(pl.Series(values))
    reference = distribution.array
    return compare_counts(reference[:-1], counts[:-1], is_ordered=True).ks


def _unit(values: Floats, distribution: Distribution) -> Signature | None:
    """The whole column, or the part of it that is out of range, fits the training values after a known conversion."""
    if values.size < LEAST_ROWS:
        return None
    whole = _ks(values, distribution)
    if whole >= FAR:
        return _conversion(values, distribution, whole, "")
    bins = distribution.bins
    assert isinstance(bins, NumberBins)
    width = bins.edges[-1] - bins.edges[0]
    far_out = (values < bins.edges[0] - width) | (values > bins.edges[-1] + width)
    outside = values[far_out]
    if outside.size < 5:
        return None
    return _conversion(outside, distribution, 1.0, f"{outside.size / values.size:.1%} of ")


def _conversion(values: Floats, distribution: Distribution, before: float, part: str) -> Signature | None:
    near = NEAR + 1.4 / np.sqrt(values.size)
    best: tuple[float, Signature] | None = None
    for factor, words in FACTORS.items():
        for times, how in ((factor, words), (1 / factor, f"the reverse of {words}")):
            distance = _ks(values / times, distribution)
            if distance <= near and distance < before / 3 and (best is None or distance < best[0]):
                said = f"{part}its values fit training when divided by {times:.6g} ({how})"
                best = (distance, Signature("unit_change", said, {"factor": float(f"{times:.6g}")}))
    for (factor, offset), words in CONVERSIONS.items():
        distance = _ks((values - offset) / factor, distribution)
        if distance <= near and distance < before / 3 and (best is None or distance < best[0]):
            said = f"{part}its values fit training when taken for {words}"
            best = (distance, Signature("unit_change", said, {"factor": factor, "offset": offset}))
    distance = _ks(-values, distribution)
    if distance <= near and distance < before / 3 and (best is None or distance < best[0]):
        best = (distance, Signature("sign_flip", f"{part}its values fit training with their sign turned"))
    return None if best is None else best[1]


def _other_column(name: str, inputs: pl.DataFrame, reference: Profile) -> Signature | None:
    """It now holds what another column held in training, and that one holds what this one held."""
    mine = measured(inputs.get_column(name))
    for other, distribution in reference.features.items():
        if other == name or other not in inputs.columns:
            continue
        theirs = measured(inputs.get_column(other))
        if theirs.dtype != mine.dtype:
            continue
        own = _distance(mine, reference.features[name])
        if (
            own >= FAR
            and _distance(mine, distribution) <= NEAR
            and _distance(theirs, reference.features[name]) <= NEAR < _distance(theirs, distribution)
        ):
            return Signature(
                "swapped_columns", f"it holds what {other} held in training, and {other} what it held", {"column": other}
            )
    return None


def _distance(column: pl.Series, distribution: Distribution) -> float:
    is_ordered = not isinstance(distribution.bins, CategoryBins)
    found = compare_counts(distribution.array, distribution.bins.count(column), is_ordered=is_ordered)
    return found.ks if is_ordered else found.tvd


def describe_change(reference: Distribution, observed: Distribution) -> tuple[str, str]:
    """What changed most, as a cause and words, when no signature is recognised."""
    was, now = reference.array / max(1, reference.array.sum()), observed.array / max(1, observed.array.sum())
    if isinstance(reference.bins, CategoryBins):
        unseen = float(now[-2])
        if unseen >= 0.5 * np.abs(now - was).sum() / 2:
            return "new_category", f"{unseen:.1%} of its values never occurred in training"
        most = int(np.argmax(np.abs(now - was)))
        return "share_change", f'"{reference.bins.names[most]}" went from {was[most]:.1%} to {now[most]:.1%}'
    edges = np.asarray(reference.bins.edges)
    outside = float(now[0] + now[-2] - was[0] - was[-2])
    if outside >= 0.5 * np.abs(now - was).sum() / 2:
        return (
            "out_of_range",
            f"{now[0] + now[-2]:.1%} of its values lie outside of training's range {edges[0]:.6g} to {edges[-1]:.6g}",
        )
    middles = [_quantile(counts, edges, 0.5) for counts in (was, now)]
    if middles[0] == middles[1]:
        return "shape_change", f"its spread or shape changed around the same median {middles[0]:.4g}"
    way = "up" if middles[1] > middles[0] else "down"
    return f"shift_{way}", f"its median went from {middles[0]:.4g} to {middles[1]:.4g}"


def _quantile(shares: Floats, edges: Floats, level: float) -> float:
    """A quantile of binned values: the lower edge of its bin."""
    inner = np.cumsum(shares[:-1]) / max(1e-12, shares[:-1].sum())
    position = int(np.searchsorted(inner, level))
    return float(edges[min(max(position - 1, 0), edges.size - 1)])
