"""Pruner `patience`: a trial stops when its loss has not improved for some epochs, unless it holds the best of the study.

The leading trial goes on to its end, so that the best value is always one of a complete trial.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta

from ymltrain.api import Curve, Params, Rung, plugin


class PatienceParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: patience`."""

    epochs: Annotated[int, Meta(ge=1, description="Epochs without an improvement after which a trial stops.")] = 3
    min_delta: Annotated[float, Meta(ge=0, description="The least change that counts as an improvement.")] = 0.0
    min: Annotated[int, Meta(ge=1, description="Epochs that every trial gets.")] = 1


@plugin("pruner", "patience", params=PatienceParams)
class PatiencePruner:
    """Looks at the trial's own curve, and at who leads."""

    def __init__(self, params: PatienceParams) -> None:
        self._params = params

    def rungs(self, max_trials: int, max_epochs: int) -> Sequence[Rung]:
        del max_trials, max_epochs
        return ()

    def decide(self, trial: int, curves: Mapping[int, Curve], max_epochs: int) -> Literal["continue", "stop", "pause"]:
        del max_epochs
        losses = curves[trial].losses
        if len(losses) < self._params.min or self._epochs_without(losses) < self._params.epochs:
            return "continue"
        others = [min(curve.losses) for curve in curves.values() if curve.losses and curve.number != trial]
        return "stop" if min(others, default=min(losses)) < min(losses) else "continue"

    def promote(self, curves: Mapping[int, Curve], max_epochs: int) -> int | None:
        del curves, max_epochs
        return None

    def _epochs_without(self, losses: Sequence[float]) -> int:
        best, since = float("inf"), 0
        for loss in losses:
            best, since = (loss, 0) if loss < best - self._params.min_delta else (best, since + 1)
        return since
