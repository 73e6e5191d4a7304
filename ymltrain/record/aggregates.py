"""The metrics of a run in short: of each its first, last, lowest, highest and mean value, and where the extremes were."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from ymltrain.record.points import MetricPoint


class Aggregate(msgspec.Struct, kw_only=True, gc=False):
    """Of one metric; values that are no numbers are counted and otherwise passed over. None where there was no number."""

    first: float | None = None
    last: float | None = None
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    count: int = 0
    last_step: int = 0
    last_epoch: int = 0
    min_step: int = 0
    min_epoch: int = 0
    max_step: int = 0
    max_epoch: int = 0


def aggregate(points: Iterable[MetricPoint]) -> dict[str, Aggregate]:
    """Aggregates by the metrics' names."""
    found: dict[str, Aggregate] = {}
    for point in points:
        of = found.get(point.name)
        if of is None:
            of = found[point.name] = Aggregate()
        value = point.value
        if not math.isfinite(value):
            continue
        of.count += 1
        if of.first is None or of.min is None or of.max is None or of.mean is None:
            of.first = of.min = of.max = of.mean = value
            of.min_step = of.max_step = point.step
            of.min_epoch = of.max_epoch = point.epoch
        else:
            of.mean += (value - of.mean) / of.count
            if value < of.min:
                of.min, of.min_step, of.min_epoch = value, point.step, point.epoch
            if value > of.max:
                of.max, of.max_step, of.max_epoch = value, point.step, point.epoch
        of.last, of.last_step, of.last_epoch = value, point.step, point.epoch
    return found
