"""Pruner `hyperband`: several ladders of successive halving at once, from cautious to greedy (Li et al. 2018).

Bracket s starts its rungs at epoch `min × eta^s`; which bracket a trial belongs to follows from its number alone, greedy ones
getting more trials, so that each bracket takes about the same number of epochs. Trials are compared within their bracket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta

from ymltrain.api import Curve, Params, Rung, plugin
from ymltrain.builtin.pruner.halving import expected_rungs, may_go_on, promotable, rung_epochs


class HyperbandParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: hyperband`."""

    min: Annotated[int, Meta(ge=1, description="The epoch of the greediest bracket's first rung.")] = 1
    max: (
        Annotated[int, Meta(ge=1, description="No rung lies at or beyond this epoch; as long as a trial is when left out.")] | None
    ) = None
    eta: Annotated[int, Meta(ge=2, description="One in eta goes on from each rung, and rungs lie eta times apart.")] = 3
    mode: Annotated[Literal["stop", "pause"], Meta(description="Whether a trial left behind may come back.")] = "stop"


@plugin("pruner", "hyperband", params=HyperbandParams)
class HyperbandPruner:
    """A trial's bracket is a function of its number."""

    def __init__(self, params: HyperbandParams) -> None:
        self._params = params

    def rungs(self, max_trials: int, max_epochs: int) -> Sequence[Rung]:
        expected: dict[int, int] = {}
        for start in self._starts(max_epochs):
            trials = sum(self._start(number, max_epochs) == start for number in range(max_trials))
            for rung in expected_rungs(trials, start, self._params.eta, max_epochs) if trials else ():
                expected[rung.epoch] = expected.get(rung.epoch, 0) + rung.trials
        # Between its own rungs a trial of a cautious bracket passes those of greedier ones.
        return [Rung(epoch=epoch, trials=trials) for epoch, trials in sorted(expected.items())]

    def decide(self, trial: int, curves: Mapping[int, Curve], max_epochs: int) -> Literal["continue", "stop", "pause"]:
        mine = curves[trial]
        start = self._start(trial, max_epochs)
        rung = len(mine.losses)
        if rung not in self._ladder(start, max_epochs):
            return "continue"
        if self._params.mode == "pause":
            return "pause"
        others = [curve for curve in self._bracket(start, curves, max_epochs) if curve.number != trial]
        return "continue" if may_go_on(mine, rung, others, self._params.eta) else "stop"

    def promote(self, curves: Mapping[int, Curve], max_epochs: int) -> int | None:
        if self._params.mode == "stop":
            return None
        found = (
            promotable(self._bracket(start, curves, max_epochs), self._ladder(start, max_epochs), self._params.eta)
            for start in self._starts(max_epochs)
        )
        return next((number for number in found if number is not None), None)

    def _bracket(self, start: int, curves: Mapping[int, Curve], max_epochs: int) -> list[Curve]:
        return [curve for curve in curves.values() if self._start(curve.number, max_epochs) == start]

    def _ladder(self, start: int, max_epochs: int) -> list[int]:
        return rung_epochs(start, self._params.eta, self._last(max_epochs))

    def _last(self, max_epochs: int) -> int:
        return min(self._params.max or max_epochs, max_epochs)

    def _starts(self, max_epochs: int) -> list[int]:
        """The first rungs of the brackets, the greediest first; that of the last bracket is where training ends."""
        last = self._last(max_epochs)
        return [*rung_epochs(self._params.min, self._params.eta, last), last]

    def _start(self, number: int, max_epochs: int) -> int:
        """The first rung of a trial's bracket: round after round, each bracket gets as many trials as Hyperband gives it."""
        starts = self._starts(max_epochs)
        greediest = len(starts) - 1
        shares = [
            -(-(greediest + 1) * self._params.eta ** (greediest - bracket) // (greediest - bracket + 1))
            for bracket in range(len(starts))
        ]
        place = number % sum(shares)
        for start, share in zip(starts, shares, strict=True):
            if place < share:
                return start
            place -= share
        raise AssertionError
