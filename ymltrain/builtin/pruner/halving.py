"""Asynchronous successive halving (Li et al. 2020): rungs of epochs, of which the best of each goes on to the next.

Rungs go by epochs, not by numbers of reports. A trial stands on a rung with its best loss up to there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ymltrain.api import Curve, Rung

Mode = Literal["stop", "pause"]


def rung_epochs(first: int, eta: int, last: int) -> list[int]:
    """The epochs of the rungs, below `last`, where training ends anyway."""
    epochs = []
    epoch = first
    while epoch < last:
        epochs.append(epoch)
        epoch *= eta
    return epochs


def may_go_on(curve: Curve, rung: int, others: Iterable[Curve], eta: int) -> bool:
    """Whether a trial that has just reached a rung is among the best 1/eta of those that have; the first ones always are."""
    mine = curve.best(rung)
    recorded = [other.best(rung) for other in others if len(other.losses) >= rung]
    better = sum(loss < mine for loss in recorded)
    return better < max(1, (len(recorded) + 1) // eta) or len(recorded) + 1 < eta


def promotable(curves: Iterable[Curve], rungs: list[int], eta: int) -> int | None:
    """The best paused trial that belongs to the best 1/eta of its rung, the highest rung first."""
    known = list(curves)
    for rung in reversed(rungs):
        reached = sorted(
            (curve for curve in known if len(curve.losses) >= rung), key=lambda curve: (curve.best(rung), curve.number)
        )
        for curve in reached[: len(reached) // eta]:
            if curve.state == "paused" and len(curve.losses) == rung:
                return curve.number
    return None


def expected_rungs(trials: int, first: int, eta: int, max_epochs: int) -> list[Rung]:
    """How many of some trials reach each rung, and the last epoch."""
    rungs = []
    for epoch in [*rung_epochs(first, eta, max_epochs), max_epochs]:
        rungs.append(Rung(epoch=epoch, trials=max(1, trials)))
        trials //= eta
    return rungs
