"""CMA-ES (Hansen 2016) by the package `cmaes`, which Optuna's own sampler uses, replayed from the history at each call.

A generation is as many trials as there are in a population, in the order of their numbers. It is told when all of it and all
before it have ended; until then further points are drawn from the same distribution, so workers never wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from cmaes import CMA
from ymltrain.api import PastTrial, Point, Space, comparable_losses

INITIAL_DEVIATION = 1 / 6  # of the unit scale: a first population that covers most of it


def suggest(space: Space, history: Sequence[PastTrial], pending: Sequence[Mapping[str, Any]], seed: int) -> Point:
    """The next point."""
    count = len(space.dimensions)
    scale = max(count, 2)  # it needs two dimensions; a lone key gets a companion that means nothing
    bounds = np.tile([0.0, 1.0], (scale, 1))
    evolution = CMA(mean=np.full(scale, 0.5), sigma=INITIAL_DEVIATION, bounds=bounds, seed=seed % 2**32)
    losses = comparable_losses(history)
    size = evolution.population_size
    for start in range(0, len(history) - size + 1, size):
        asked = [evolution.ask() for _ in range(size)]
        told = [
            (_positions(space, trial, drawn), loss)
            for trial, loss, drawn in zip(history[start : start + size], losses[start : start + size], asked, strict=True)
        ]
        evolution.tell(told)
    further = len(history) % size + len(pending)
    drawn = [evolution.ask() for _ in range(further + 1)][-1]
    return space.point({dimension.label: float(unit) for dimension, unit in zip(space.dimensions, drawn[:count], strict=True)})


def _positions(space: Space, trial: PastTrial, drawn: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Where a trial stood; a key that is rounded to few values counts as where it was drawn, when that is the same value."""
    positions = np.array(drawn, dtype=float)
    for index, dimension in enumerate(space.dimensions):
        value = trial.point[dimension.path]
        if dimension.domain.value(float(positions[index])) != value:
            positions[index] = min(max(dimension.domain.position(value), 0.0), 1.0)
    return positions
