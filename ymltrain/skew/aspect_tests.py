"""Distribution skew of times, texts and vectors: each of their aspects against the profile of training."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from ymltrain.skew.aspects import CAUSES, SPANS, WORDS, Aspect
from ymltrain.skew.distribution import NULL_EFFECT, Comparison, largest_bins
from ymltrain.skew.family import Test
from ymltrain.skew.findings import Finding
from ymltrain.skew.histogram import CategoryBins, Counts
from ymltrain.skew.log_profile import NO_SPAN, LogProfile
from ymltrain.skew.onset import locate_onset
from ymltrain.skew.statistics import Distance, compare_counts, proportion_p, smallest_seen_ks

SHIFT_FITS = 0.5
LEAST_SHIFT = 0.1


def aspect_tests(comparison: Comparison) -> Iterator[Test]:
    """A test of each aspect's values, and one of the missing values of each such column."""
    seen: set[str] = set()
    for name, aspect in comparison.reference.aspects.items():
        observed = comparison.log.aspects.get(name)
        if observed is None or comparison.settings.rule(aspect.column).ignore or aspect.column in comparison.defaults.always:
            continue
        if spans_enough(comparison.log, aspect):
            found = _distance(aspect, observed.array)
            least = comparison.settings.effect_of(aspect.column)
            yield Test(found.p_value, found.largest, least, partial(_shift, comparison, name, found))
        if aspect.column not in seen:
            seen.add(aspect.column)
            yield _missing_test(comparison, name, aspect)


def spans_enough(log: LogProfile, aspect: Aspect) -> bool:
    """Whether the log's times span enough for this aspect to be compared."""
    start, end = log.spans.get(aspect.column, NO_SPAN)
    return aspect.kind not in SPANS or end - start >= SPANS[aspect.kind]


def aspect_distances(comparison: Comparison) -> dict[str, tuple[str, Distance]]:
    """Of each column the aspect that is farthest from training, and its distance."""
    worst: dict[str, tuple[str, Distance]] = {}
    for name, aspect in comparison.reference.aspects.items():
        observed = comparison.log.aspects.get(name)
        if observed is not None and spans_enough(comparison.log, aspect):
            found = _distance(aspect, observed.array)
            if aspect.column not in worst or found.largest > worst[aspect.column][1].largest:
                worst[aspect.column] = (name, found)
    return worst


def _distance(aspect: Aspect, observed: Counts) -> Distance:
    """Without missing values, which have a test of their own."""
    is_ordered = not isinstance(aspect.found.bins, CategoryBins)
    return compare_counts(aspect.found.array[:-1], observed[:-1], is_ordered=is_ordered)


def _shift(comparison: Comparison, name: str, found: Distance) -> Finding:
    aspect, observed = comparison.reference.aspects[name], comparison.log.aspects[name]
    onset = locate_onset(comparison.log.stretches, name)
    hours = shifted_hours(aspect, observed.array) if aspect.kind == "hour" else 0
    n, m = int(aspect.found.array.sum()), int(observed.array.sum())
    least = comparison.settings.effect_of(aspect.column)
    words = (
        f"its hours are those of training {hours:+d} hours, as in another time zone"
        if hours
        else f"its {WORDS[aspect.kind]} changed"
    )
    return Finding(
        skew_class="distribution",
        feature=aspect.column,
        kind="undetermined" if hours else "drift",
        cause="time_zone_shift" if hours else CAUSES[aspect.kind],
        message=f"{aspect.column}: {words} (distance {found.largest:.3f})",
        distance=found.largest,
        threshold=least,
        p_value=found.p_value,
        minimum_detectable=max(least, smallest_seen_ks(n, m, comparison.settings.rate, comparison.tests)),
        onset_row=onset.row,
        onset_time=onset.time,
        impact=comparison.reference.impact.get(aspect.column),
        parameters={"aspect": name, **({"hours": hours} if hours else {})},
        evidence=tuple(largest_bins(aspect.found, observed)),
        rank=comparison.rank(aspect.column, found.largest),
    )


def shifted_hours(aspect: Aspect, observed: Counts) -> int:
    """By how many hours the log's hours must be turned back to be training's, 0 where no turn brings them near."""
    was, now = aspect.found.array[:24].astype(float), observed[:24].astype(float)
    if not was.sum() or not now.sum():
        return 0
    was, now = was / was.sum(), now / now.sum()
    distances = [float(np.abs(np.roll(now, -hours) - was).sum() / 2) for hours in range(24)]
    best = int(np.argmin(distances))
    if distances[0] < LEAST_SHIFT or distances[best] > SHIFT_FITS * distances[0]:
        return 0
    return best if best <= 12 else best - 24


def _missing_test(comparison: Comparison, name: str, aspect: Aspect) -> Test:
    reference = aspect.found.array
    observed = comparison.log.aspects[name].array
    field = comparison.log.fields[aspect.column]
    broken = field.absent.count + field.wrong_type.count
    was, n = int(reference[-1]), int(reference.sum())
    now, m = max(0, int(observed[-1]) - broken), int(observed.sum()) - broken
    before, after = was / max(1, n), now / max(1, m)
    p_value = proportion_p(was, n, now, m)
    return Test(p_value, abs(after - before), NULL_EFFECT, partial(_missing, comparison, aspect.column, (before, after), p_value))


def _missing(comparison: Comparison, column: str, shares: tuple[float, float], p_value: float) -> Finding:
    before, after = shares
    first = comparison.log.fields[column].null
    more = after > before
    is_defaulted = more and column in comparison.defaults.values
    return Finding(
        skew_class="schema",
        feature=column,
        kind="undetermined",
        cause="serving_default" if is_defaulted else "missing_values" if more else "fewer_missing_values",
        message=f"{column}: {after:.1%} of its values are missing, in training {before:.1%} were",
        distance=abs(after - before),
        threshold=NULL_EFFECT,
        p_value=p_value,
        onset_row=first.row if first.count else None,
        affected_rows=first.count,
        share=after,
        impact=comparison.reference.impact.get(column),
        evidence=({"row": first.row, "request_id": first.request_id, "value": None},) if first.count else (),
        rank=comparison.rank(column, abs(after - before)),
    )
