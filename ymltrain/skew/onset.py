"""When a change began: the point in a log's timeline that divides it into the two most different parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ymltrain.skew.log_profile import Stretch
from ymltrain.skew.statistics import kolmogorov_p

SURE = 1e-3


@dataclass(frozen=True)
class Onset:
    """The first row of the changed part and its time; row 0 when the whole log is changed."""

    row: int
    time: str | None


def locate_onset(stretches: Sequence[Stretch], name: str) -> Onset:
    """The onset of a column's change; the beginning of the log unless one part of it differs surely from the other."""
    parts = [stretch for stretch in stretches if name in stretch.counts]
    if not parts:
        return Onset(0, None)
    start = Onset(parts[0].first_row, parts[0].time)
    counts = np.array([stretch.counts[name] for stretch in parts], np.float64)
    if len(parts) < 2:
        return start
    before = np.cumsum(counts, axis=0)[:-1]
    after = counts.sum(axis=0) - before
    n, m = before.sum(axis=1), after.sum(axis=1)
    valid = (n > 0) & (m > 0)
    if not valid.any():
        return start
    shares = before[valid] / n[valid, None] - after[valid] / m[valid, None]
    distance = np.abs(np.cumsum(np.roll(shares, 1, axis=1), axis=1)).max(axis=1)
    scale = np.sqrt(n[valid] * m[valid] / (n[valid] + m[valid]))
    best = int(np.argmax(distance * scale))
    p_value = kolmogorov_p(float(distance[best]), int(n[valid][best]), int(m[valid][best])) * int(valid.sum())
    if p_value > SURE:
        return start
    stretch = parts[int(np.flatnonzero(valid)[best]) + 1]
    return Onset(stretch.first_row, stretch.time)
