"""What searchers and pruners are told of a study's trials. Losses are metrics with their sign turned so that less is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from ymltrain.plan.seeds import derive_seed

Ending = Literal["complete", "pruned", "failed"]


class PastTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A trial as a searcher sees it.

    `loss` is finite when the trial is complete; of a pruned one it is what it had reached after `epochs`, which can only
    be compared with losses after as many; a failed one has none.
    """

    number: int
    point: dict[str, Any]
    state: Ending
    loss: float | None
    epochs: int = 0


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A trial as a pruner sees it: its loss after each epoch, the first at index 0."""

    number: int
    losses: tuple[float, ...]
    state: Literal["running", "paused", "complete", "pruned", "failed"]

    def best(self, epochs: int) -> float:
        """The least loss of the first so many epochs."""
        return min(self.losses[:epochs])


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """How many trials a pruner is expected to let reach an epoch."""

    epoch: int
    trials: int


def comparable_losses(history: Sequence[PastTrial]) -> list[float]:
    """One loss a trial, so that all can be ranked and modelled together.

    Complete trials keep theirs. A pruned one stands behind every complete one, the longer trained before the shorter, those
    of one length by what they had reached; a failed one stands behind all. Without a complete trial, 0 is the best there is.
    """
    complete = [trial.loss for trial in history if trial.state == "complete" and trial.loss is not None]
    worst = max(complete, default=0.0)
    spread = (worst - min(complete)) if len(complete) > 1 else 1.0
    pruned = sorted(
        (trial for trial in history if trial.state == "pruned" and trial.loss is not None),
        key=lambda trial: (-trial.epochs, trial.loss, trial.number),
    )
    places = {trial.number: place for place, trial in enumerate(pruned, start=1)}
    pace = max(spread, 1e-9) / max(10, len(history))

    def comparable(trial: PastTrial) -> float:
        if trial.state == "complete" and trial.loss is not None:
            return trial.loss
        return worst + pace * places.get(trial.number, len(pruned) + 1)

    return [comparable(trial) for trial in history]


def suggestion_seed(seed: int, history: Sequence[PastTrial], pending: Sequence[Mapping[str, Any]]) -> int:
    """The seed of one suggestion, of 31 bits: another one for each number of trials so far."""
    return derive_seed(seed, f"suggestion/{len(history) + len(pending)}") % (2**31 - 1)
