"""Sampling skew: a slice of traffic that policy does not choose, against the rest of the log."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import polars as pl

from ymltrain.skew.distribution import Comparison
from ymltrain.skew.family import Test
from ymltrain.skew.findings import Finding
from ymltrain.skew.histogram import CategoryBins
from ymltrain.skew.measures import measured
from ymltrain.skew.sample import Sample
from ymltrain.skew.statistics import Distance, compare_counts

LEAST_ROWS = 50
HOLDOUT_FIELD = "traffic"
HOLDOUT_VALUE = "holdout"


def selection_tests(comparison: Comparison, field: str, value: str) -> Iterator[Test]:
    """Each input column of the held-out records against the others'."""
    sample = comparison.sample
    mask = None if sample is None else holdout_mask(sample, field, value)
    if sample is None or mask is None:
        return
    for name, reference in comparison.reference.features.items():
        column = measured(sample.inputs.get_column(name))
        held = reference.bins.count(column.filter(pl.Series(mask)))
        rest = reference.bins.count(column.filter(pl.Series(~mask)))
        found = compare_counts(held, rest, is_ordered=not isinstance(reference.bins, CategoryBins))
        yield Test(found.p_value, found.largest, comparison.settings.effect_of(name), partial(_finding, comparison, name, found))


def holdout_mask(sample: Sample, field: str, value: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]] | None:
    """Which drawn records are held out; None when too few are, or are not."""
    found = sample.field(field)
    if found is None:
        return None
    mask = (found.cast(pl.String) == value).fill_null(value=False).to_numpy()
    return mask if LEAST_ROWS <= int(mask.sum()) <= mask.size - LEAST_ROWS else None


def _finding(comparison: Comparison, name: str, found: Distance) -> Finding:
    return Finding(
        skew_class="sampling",
        feature=name,
        kind="drift",
        cause="selected_traffic",
        message=f"{name}: held-out traffic and the rest differ (distance {found.largest:.3f})",
        distance=found.largest,
        threshold=comparison.settings.effect_of(name),
        p_value=found.p_value,
        impact=comparison.reference.impact.get(name),
        rank=comparison.rank(name, found.largest),
    )
