"""Tuner `quasi_random`: a scrambled Sobol sequence, which fills the space more evenly than random draws (Owen 1998).

Trial n is the n-th point of the sequence that meets the constraints. Numbers of trials that are powers of two fill best.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ymltrain.api import NoParams, PastTrial, Point, Space, plugin

MAX_DIMENSIONS = 21_201  # scipy's table of directions
BLOCK = 10  # points are made 1,024 at a time
MAX_BLOCKS = 64


@plugin("tuner", "quasi_random")
class QuasiRandomTuner:
    """Walks along the sequence; learns nothing."""

    def __init__(self, params: NoParams) -> None:
        del params

    def problems(self, space: Space) -> Sequence[str]:
        count = len(space.dimensions)
        return (f"it takes {MAX_DIMENSIONS:,} keys at most, and there are {count:,}",) if count > MAX_DIMENSIONS else ()

    def suggest(
        self, space: Space, history: Sequence[PastTrial], pending: Sequence[Mapping[str, Any]], seed: int
    ) -> Mapping[str, Any] | None:
        number = len(history) + len(pending)
        for index, point in enumerate(_sequence(space, seed)):
            if index == number:
                return point
        return None


def _sequence(space: Space, seed: int) -> Iterator[Point]:
    from scipy.stats import qmc

    labels = [dimension.label for dimension in space.dimensions]
    sobol = qmc.Sobol(len(labels), scramble=True, rng=seed % 2**32)
    for _ in range(MAX_BLOCKS):
        for units in sobol.random_base2(BLOCK).tolist():
            point = space.point(dict(zip(labels, units, strict=True)))
            if space.allows(point):
                yield point
