"""Pruner `median`: a trial stops when its best loss so far is worse than the median of what others had by the same epoch.

Compared are complete trials alone, and nothing stops before `startup` of them are there (Golovin et al. 2017, who average
the others' losses where this takes their best).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Annotated, Literal

from msgspec import Meta

from ymltrain.api import Curve, Params, Rung, plugin


class MedianParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: median`."""

    startup: Annotated[int, Meta(ge=1, description="Complete trials before any trial is stopped.")] = 5
    min: Annotated[int, Meta(ge=1, description="Epochs that every trial gets.")] = 1


@plugin("pruner", "median", params=MedianParams)
class MedianPruner:
    """Stops trials; pauses none."""

    def __init__(self, params: MedianParams) -> None:
        self._params = params

    def rungs(self, max_trials: int, max_epochs: int) -> Sequence[Rung]:
        del max_trials, max_epochs
        return ()

    def decide(self, trial: int, curves: Mapping[int, Curve], max_epochs: int) -> Literal["continue", "stop", "pause"]:
        del max_epochs
        mine = curves[trial]
        epoch = len(mine.losses)
        others = [curve.best(epoch) for curve in curves.values() if curve.state == "complete" and curve.number != trial]
        if epoch < self._params.min or len(others) < self._params.startup:
            return "continue"
        return "stop" if mine.best(epoch) > median(others) else "continue"

    def promote(self, curves: Mapping[int, Curve], max_epochs: int) -> int | None:
        del curves, max_epochs
        return None
