"""Pruner `asha`: asynchronous successive halving (Li et al. 2020).

At the epochs `min`, `min × eta`, `min × eta²`, … a trial goes on when it is among the best 1/eta of those that got there.

- `mode: stop` decides when a trial arrives, by those that came before: a trial that is stopped never comes back. The first
  `eta - 1` to reach a rung go on, so fewer than ten trials or so are hardly pruned.
- `mode: pause` pauses every trial on each rung, and continues a paused one as soon as it is among the best; only when there is
  none to continue, a new one starts. No epoch is trained twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta

from ymltrain.api import Curve, Params, Rung, plugin
from ymltrain.builtin.pruner.halving import expected_rungs, may_go_on, promotable, rung_epochs


class AshaParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: asha`."""

    min: Annotated[int, Meta(ge=1, description="The epoch of the first rung: what every trial gets.")] = 1
    max: (
        Annotated[int, Meta(ge=1, description="No rung lies at or beyond this epoch; as long as a trial is when left out.")] | None
    ) = None
    eta: Annotated[int, Meta(ge=2, description="One in eta goes on from each rung, and rungs lie eta times apart.")] = 3
    mode: Annotated[Literal["stop", "pause"], Meta(description="Whether a trial left behind may come back.")] = "stop"


@plugin("pruner", "asha", params=AshaParams)
class AshaPruner:
    """One ladder of rungs for all trials."""

    def __init__(self, params: AshaParams) -> None:
        self._params = params

    def rungs(self, max_trials: int, max_epochs: int) -> Sequence[Rung]:
        return expected_rungs(max_trials, self._params.min, self._params.eta, max_epochs)

    def decide(self, trial: int, curves: Mapping[int, Curve], max_epochs: int) -> Literal["continue", "stop", "pause"]:
        mine = curves[trial]
        rung = len(mine.losses)
        if rung not in self._ladder(max_epochs):
            return "continue"
        if self._params.mode == "pause":
            return "pause"
        others = (curve for curve in curves.values() if curve.number != trial)
        return "continue" if may_go_on(mine, rung, others, self._params.eta) else "stop"

    def promote(self, curves: Mapping[int, Curve], max_epochs: int) -> int | None:
        if self._params.mode == "stop":
            return None
        return promotable(curves.values(), self._ladder(max_epochs), self._params.eta)

    def _ladder(self, max_epochs: int) -> list[int]:
        return rung_epochs(self._params.min, self._params.eta, min(self._params.max or max_epochs, max_epochs))
