"""Distribution skew: each input column, what columns do together, and missing values, against the profile of training.

Written rules. A distance counts when it is significant among all tests of the check and at least the least effect that matters, or
the reference's own noise (its mean and three deviations over stretches of time) where that is larger. Rows that break the
contract in a column are left out of its distribution.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from ymltrain.bundle.defaults import Defaults
from ymltrain.skew.dependence import measure_dependence, pair_p_values
from ymltrain.skew.family import Test
from ymltrain.skew.findings import Finding, SkewClass
from ymltrain.skew.histogram import CategoryBins, Counts
from ymltrain.skew.log_profile import LogProfile
from ymltrain.skew.measures import measured
from ymltrain.skew.onset import locate_onset
from ymltrain.skew.profile import Distribution, Profile
from ymltrain.skew.sample import Sample
from ymltrain.skew.settings import CheckSettings
from ymltrain.skew.signatures import describe_change, recognise
from ymltrain.skew.statistics import Distance, compare_counts, proportion_p, smallest_seen_ks

NULL_EFFECT = 0.005
DEPENDENCE_EFFECT = 0.1


@dataclass
class Comparison:
    """A reference, a log's profile and its drawn rows (none when only a profile is at hand).

    `tests` is their number, once they are counted.
    """

    reference: Profile
    log: LogProfile
    sample: Sample | None
    settings: CheckSettings
    tests: int = 1
    defaults: Defaults = field(default_factory=Defaults)
    _distances: dict[str, Distance] = field(default_factory=dict, init=False)

    @property
    def inputs(self) -> pl.DataFrame | None:
        return None if self.sample is None else self.sample.inputs

    def distance(self, name: str) -> Distance:
        """A column's distance, missing values included."""
        if name not in self._distances:
            reference = self.reference.features[name]
            self._distances[name] = compare_counts(reference.array, self._held(name), is_ordered=_is_ordered(reference))
        return self._distances[name]

    def distance_of_values(self, name: str) -> Distance:
        """A column's distance, missing values left out."""
        reference = self.reference.features[name]
        return compare_counts(reference.array[:-1], self._held(name)[:-1], is_ordered=_is_ordered(reference))

    def missing(self, name: str) -> tuple[int, int, int, int]:
        """Missing values and rows, in training and in the log."""
        reference, observed = self.reference.features[name].array, self._held(name)
        return int(reference[-1]), int(reference.sum()), int(observed[-1]), int(observed.sum())

    def _held(self, name: str) -> Counts:
        """The log's counts without the rows that break the contract, which are counted as missing."""
        counts = self.log.features[name].array.copy()
        field = self.log.fields[name]
        counts[-1] -= min(counts[-1], field.absent.count + field.wrong_type.count + field.infinite.count)
        return counts

    def least(self, name: str) -> float:
        """The least distance that is reported of a column."""
        effect = self.settings.effect_of(name)
        noise = self.reference.noise.get(name)
        return effect if noise is None else max(effect, noise.mean + 3 * noise.deviation)

    def detectable(self, name: str) -> float:
        """The least distance that this check would have seen nine times in ten."""
        n, m = int(self.reference.features[name].array.sum()), int(self.log.features[name].array.sum())
        return max(self.least(name), smallest_seen_ks(n, m, self.settings.rate, self.tests))

    def rank(self, name: str, distance: float) -> float:
        """A shift weighed by what the column does to predictions."""
        return distance * self.reference.impact.get(name, 0.0)


def _is_ordered(found: Distribution) -> bool:
    return not isinstance(found.bins, CategoryBins)


def distribution_tests(comparison: Comparison) -> Iterator[Test]:
    """Tests of every column, and of columns together."""
    for name in comparison.reference.features:
        is_compared = name in comparison.log.features and name not in comparison.defaults.always
        if not is_compared or comparison.settings.rule(name).ignore:
            continue
        found = comparison.distance(name)
        yield Test(found.p_value, found.largest, comparison.least(name), partial(_shift, comparison, name, found))
        yield _missing_test(comparison, name)
        yield from _outside_test(comparison, name)
    if comparison.sample is not None:
        yield from _dependence_test(comparison, comparison.sample)


def _finding(comparison: Comparison, name: str, skew_class: SkewClass, **given: Any) -> Finding:
    onset = locate_onset(comparison.log.stretches, name)
    return Finding(skew_class=skew_class, feature=name, onset_row=onset.row, onset_time=onset.time, **given)


def _shift(comparison: Comparison, name: str, found: Distance) -> Finding | None:
    values = comparison.distance_of_values(name)
    if values.largest < comparison.least(name) or values.p_value > comparison.settings.rate:
        return None  # only missing values changed, which has a test of its own
    signature = None if comparison.inputs is None else recognise(name, comparison.inputs, comparison.reference)
    cause, words = describe_change(comparison.reference.features[name], comparison.log.features[name])
    return _finding(
        comparison,
        name,
        "distribution",
        kind="undetermined" if signature else "drift",
        cause=signature.cause if signature else cause,
        message=f"{name}: {signature.words if signature else words} (distance {found.largest:.3f})",
        distance=found.largest,
        threshold=comparison.least(name),
        p_value=found.p_value,
        minimum_detectable=comparison.detectable(name),
        impact=comparison.reference.impact.get(name),
        parameters=dict(signature.parameters) if signature else {},
        evidence=tuple(largest_bins(comparison.reference.features[name], comparison.log.features[name])),
        rank=comparison.rank(name, found.largest),
    )


def largest_bins(reference: Distribution, observed: Distribution, count: int = 5) -> Iterator[dict[str, Any]]:
    """The bins whose share changed most."""
    was, now = reference.array / max(1, reference.array.sum()), observed.array / max(1, observed.array.sum())
    names = reference.bins.names
    for position in np.argsort(-np.abs(now - was))[:count]:
        yield {"bin": names[position], "training": round(float(was[position]), 5), "served": round(float(now[position]), 5)}


def _missing_test(comparison: Comparison, name: str) -> Test:
    was, n, now, m = comparison.missing(name)
    before, after = was / max(1, n), now / max(1, m)
    return Test(proportion_p(was, n, now, m), abs(after - before), NULL_EFFECT, partial(_missing, comparison, name, before, after))


def _missing(comparison: Comparison, name: str, before: float, after: float) -> Finding:
    onset = locate_onset(comparison.log.stretches, name)
    first = comparison.log.fields[name].null
    more = after > before
    is_defaulted = more and name in comparison.defaults.values
    default = f", for which its declared default {comparison.defaults.values[name]!r} is served" if is_defaulted else ""
    return Finding(
        skew_class="schema",
        feature=name,
        kind="undetermined",
        cause="serving_default" if is_defaulted else "missing_values" if more else "fewer_missing_values",
        message=f"{name}: {after:.1%} of its values are missing{default}; in training {before:.1%} were",
        distance=abs(after - before),
        threshold=NULL_EFFECT,
        p_value=proportion_p(*comparison.missing(name)),
        minimum_detectable=comparison.detectable(name),
        onset_row=onset.row if before else max(onset.row, first.row),
        onset_time=onset.time,
        affected_rows=first.count,
        share=after,
        impact=comparison.reference.impact.get(name),
        evidence=({"row": first.row, "request_id": first.request_id, "value": None},) if first.count else (),
        rank=comparison.rank(name, abs(after - before)),
    )


def _outside_test(comparison: Comparison, name: str) -> Iterator[Test]:
    """Few values far away, or never seen before, move no distance and yet are new."""
    reference, observed = comparison.reference.features[name], comparison.log.features[name]
    was, now = reference.array, observed.array
    if isinstance(reference.bins, CategoryBins):
        count, expected = int(now[-2]), int((was == 1).sum())  # as many are expected as occurred once (Good, 1953)
    else:
        count, expected = int(now[0] + now[-2]), 2
    n, m = int(was.sum()), int(now.sum())
    share = count / max(1, m)
    if comparison.distance(name).largest >= comparison.least(name) or share <= expected / max(1, n):
        return
    p_value = proportion_p(expected, n, count, m)
    yield Test(p_value, share, NULL_EFFECT, partial(_outside, comparison, name, count, p_value))


def _outside(comparison: Comparison, name: str, count: int, p_value: float) -> Finding:
    share = count / max(1, int(comparison.log.features[name].array.sum()))
    reference = comparison.reference.features[name]
    is_category = isinstance(reference.bins, CategoryBins)
    signature = None if comparison.inputs is None else recognise(name, comparison.inputs, comparison.reference)
    what = "never occurred in training" if is_category else "lie outside of training's range"
    first = min(comparison.log.fields[name].unseen.values(), key=lambda found: found.row, default=None)
    return _finding(
        comparison,
        name,
        "distribution",
        kind="undetermined" if signature else "drift",
        cause=signature.cause if signature else "new_category" if is_category else "out_of_range",
        message=f"{name}: {signature.words}" if signature else f"{name}: {share:.1%} of its values {what}",
        distance=share,
        threshold=NULL_EFFECT,
        p_value=p_value,
        minimum_detectable=comparison.detectable(name),
        affected_rows=count,
        share=share,
        impact=comparison.reference.impact.get(name),
        parameters=dict(signature.parameters) if signature else {},
        evidence=({"row": first.row, "request_id": first.request_id, "value": first.value},) if first else (),
        rank=comparison.rank(name, share),
    )


def _dependence_test(comparison: Comparison, sample: Sample) -> Iterator[Test]:
    """One test for all pairs: the most improbable one, times their number."""
    reference = comparison.reference.dependence
    if len(reference.columns) < 2 or sample.rows.size < 100 or not set(reference.columns) <= set(sample.inputs.columns):
        return
    whole = sample.readable
    columns = {name: measured(sample.inputs.get_column(name)).filter(pl.Series(whole)) for name in reference.columns}
    observed = measure_dependence(columns, comparison.reference.features)
    p_values = pair_p_values(reference, observed)
    change = np.abs(np.asarray(observed.correlations) - np.asarray(reference.correlations))
    p_values = np.where(change >= DEPENDENCE_EFFECT, p_values, 1.0)
    if not p_values.size:
        return
    worst = int(np.lexsort((-change, p_values))[0])
    pairs = list(zip(*np.triu_indices(len(reference.columns), 1), strict=True))
    one, other = (reference.columns[int(index)] for index in pairs[worst])
    p_value = min(1.0, float(p_values[worst]) * p_values.size)
    figures = {"was": reference.correlations[worst], "is": observed.correlations[worst]}
    yield Test(p_value, float(change[worst]), DEPENDENCE_EFFECT, partial(_dependence, comparison, (one, other), figures, p_value))


def _dependence(comparison: Comparison, pair: tuple[str, str], figures: Mapping[str, float], p_value: float) -> Finding:
    one, other = pair
    is_broken = abs(figures["is"]) < 0.3 * abs(figures["was"]) and abs(figures["was"]) >= 0.3
    alone = [name for name in pair if comparison.distance(name).largest < comparison.least(name)]
    looks_made = is_broken and len(alone) == 2
    what = (
        "no longer go together, though each is as it was: rows may be joined wrongly" if looks_made else "go together differently"
    )
    return Finding(
        skew_class="distribution",
        feature=one,
        kind="undetermined" if looks_made else "drift",
        cause="broken_join" if looks_made else "dependence_change",
        message=f"{one} and {other} {what}: rank correlation {figures['is']:+.2f}, in training {figures['was']:+.2f}",
        distance=abs(figures["is"] - figures["was"]),
        threshold=DEPENDENCE_EFFECT,
        p_value=p_value,
        parameters={"with": other, **figures},
        rank=max(comparison.rank(one, 0.1), comparison.rank(other, 0.1)),
    )
