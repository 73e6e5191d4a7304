"""The state of the training loop, all of which a checkpoint keeps: position, running means, the best epoch.

Epochs and steps are counted as completed ones; where an epoch has a number for people, the first is 1.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

Goal = Literal["minimize", "maximize"]


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far training has come: completed epochs, consumed batches of the next one, optimizer steps in all."""

    epoch: int = 0
    batch: int = 0
    step: int = 0


class LossMean(msgspec.Struct, kw_only=True):
    """A mean of weighted row losses in the making."""

    total: float = 0.0
    weight: float = 0.0

    def add(self, total: float, weight: float) -> None:
        """Take in the sum of the weighted losses of some rows, and of their weights."""
        self.total += total
        self.weight += weight

    def take(self) -> float:
        """The mean so far (NaN of nothing); the next one starts."""
        mean = self.total / self.weight if self.weight else math.nan
        self.total, self.weight = 0.0, 0.0
        return mean


class Best(msgspec.Struct, frozen=True, kw_only=True):
    """The best epoch by the watched metric, with all its metrics."""

    epoch: int
    step: int
    value: float
    metrics: dict[str, float]


class Patience(msgspec.Struct, kw_only=True):
    """Early stopping's memory: the best value that counted, and the epochs since."""

    best: float | None = None
    epochs_without: int = 0

    def see(self, value: float, goal: Goal, min_delta: float) -> None:
        """Take in the value of an epoch."""
        if is_better(value, self.best, goal, min_delta):
            self.best, self.epochs_without = value, 0
        else:
            self.epochs_without += 1


class LoopState(msgspec.Struct, kw_only=True):
    """All that the loop remembers, alike on every rank.

    `pending_weight` is that of the rows whose losses were not read from the devices yet; each rank keeps its part of their sum.
    """

    position: Position = Position()
    pending_weight: float = 0.0
    since_log: LossMean = msgspec.field(default_factory=LossMean)
    in_epoch: LossMean = msgspec.field(default_factory=LossMean)
    metrics: dict[str, float] = msgspec.field(default_factory=dict)
    best: Best | None = None
    patience: Patience = msgspec.field(default_factory=Patience)
    is_finished: bool = False


def is_better(value: float, than: float | None, goal: Goal, min_delta: float = 0.0) -> bool:
    """Whether a value improves on another by more than `min_delta`; NaN never does."""
    if math.isnan(value):
        return False
    if than is None:
        return True
    return value < than - min_delta if goal == "minimize" else value > than + min_delta
