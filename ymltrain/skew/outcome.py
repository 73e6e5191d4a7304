"""Prediction and label skew: what the model says, what came true, and how wrong it is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ymltrain.skew.distribution import Comparison, largest_bins
from ymltrain.skew.family import Test
from ymltrain.skew.findings import Finding
from ymltrain.skew.histogram import CategoryBins
from ymltrain.skew.onset import locate_onset
from ymltrain.skew.profile import Distribution, Mean
from ymltrain.skew.signatures import describe_change
from ymltrain.skew.statistics import Distance, compare_counts, mean_p, smallest_seen_ks

LEAST_LABELS = 30
PERFORMANCE_EFFECT = 0.05
CALIBRATION_EFFECT = 0.25


def outcome_tests(comparison: Comparison) -> Iterator[Test]:
    """Tests of predictions, labels and errors, as far as the log has them."""
    reference, log = comparison.reference, comparison.log
    for name, was, now in (("prediction", reference.prediction, log.prediction), ("label", reference.target, log.label)):
        if now is not None:
            found = distance_of(was, now)
            report = partial(_shift, comparison, name, (was, now), found)
            yield Test(found.p_value, found.largest, comparison.settings.min_effect, report)
    if log.error.rows >= LEAST_LABELS and reference.error.rows >= LEAST_LABELS:
        was_error, deviation, _ = reference.error.moments
        now_error = log.error.moments[0]
        worse = (now_error - was_error) / max(abs(was_error), 0.1 * deviation, 1e-12)
        p_value = mean_p(reference.error.moments, log.error.moments)
        yield Test(p_value, abs(worse), PERFORMANCE_EFFECT, partial(_performance, comparison, worse, p_value))
    if log.bias.rows >= LEAST_LABELS and reference.bias.rows >= LEAST_LABELS:
        effect = abs(log.bias.moments[0] - reference.bias.moments[0]) / (reference.error.moments[0] or 1.0)
        p_value = mean_p(reference.bias.moments, log.bias.moments)
        yield Test(p_value, effect, CALIBRATION_EFFECT, partial(_calibration, comparison, p_value, effect))


def distance_of(reference: Distribution, observed: Distribution) -> Distance:
    """The distance of two distributions in the same bins."""
    return compare_counts(reference.array, observed.array, is_ordered=not isinstance(reference.bins, CategoryBins))


def _shift(comparison: Comparison, name: str, both: tuple[Distribution, Distribution], found: Distance) -> Finding:
    was, now = both
    _, words = describe_change(was, now)
    onset = locate_onset(comparison.log.stretches, f"({name})")
    n, m = int(was.array.sum()), int(now.array.sum())
    return Finding(
        skew_class="prediction",
        feature=None,
        kind="drift",
        cause=f"{name}_shift",
        message=f"{name}s shifted (distance {found.largest:.3f}): {words.replace('its ', 'the ')}",
        distance=found.largest,
        threshold=comparison.settings.min_effect,
        p_value=found.p_value,
        minimum_detectable=max(comparison.settings.min_effect, smallest_seen_ks(n, m, comparison.settings.rate, comparison.tests)),
        onset_row=onset.row,
        onset_time=onset.time,
        evidence=tuple(largest_bins(was, now)),
        rank=found.largest,
    )


def _performance(comparison: Comparison, worse: float, p_value: float) -> Finding:
    was, now = comparison.reference.error, comparison.log.error
    is_label = isinstance(comparison.reference.target.bins, CategoryBins)
    what = "wrong labels" if is_label else "mean absolute error"
    figures = (f"{was.moments[0]:.1%}", f"{now.moments[0]:.1%}") if is_label else (f"{was.moments[0]:.5g}", f"{now.moments[0]:.5g}")
    way = "worse" if worse > 0 else "better"
    return _of_labels(
        cause="performance_drop" if worse > 0 else "performance_gain",
        message=f"predictions are {way} than at training: {what} {figures[1]} over {now.rows:,} labels, was {figures[0]}",
        p_value=p_value,
        effect=(abs(worse), PERFORMANCE_EFFECT),
        means=(was, now),
    )


def _calibration(comparison: Comparison, p_value: float, effect: float) -> Finding:
    was, now = comparison.reference.bias, comparison.log.bias
    return _of_labels(
        cause="calibration_shift",
        message=f"predictions are off by {now.moments[0]:+.5g} over {now.rows:,} labels, at training by {was.moments[0]:+.5g}",
        p_value=p_value,
        effect=(effect, CALIBRATION_EFFECT),
        means=(was, now),
    )


def _of_labels(*, cause: str, message: str, p_value: float, effect: tuple[float, float], means: tuple[Mean, Mean]) -> Finding:
    (was, now), (distance, threshold) = means, effect
    return Finding(
        skew_class="prediction",
        feature=None,
        kind="drift",
        cause=cause,
        message=message,
        distance=distance,
        threshold=threshold,
        p_value=p_value,
        parameters={"was": was.moments[0], "is": now.moments[0], "labels": now.rows},
        rank=distance,
    )
