"""What training takes, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ymltrain.data.ranks import ALONE, Ranks
from ymltrain.kinds.contracts import Loss, LrScheduler, Metric, Optimizer, Strategy
from ymltrain.plan.events import RunEvent
from ymltrain.plan.topology import Topology
from ymltrain.run.pulse import Pulse
from ymltrain.run.signals import StopSignal

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ymltrain.data.loader import EncodedRows
    from ymltrain.evaluation.evaluate import TargetDecoder
    from ymltrain.run.pieces import Pieces


@dataclass(frozen=True)
class TrainingParts:
    """The network to train, the plugins that say how, and where; metrics by the name they are logged under."""

    network: nn.Module
    optimizer: Optimizer
    lr_scheduler: LrScheduler
    loss: Loss
    metrics: Mapping[str, Metric]
    strategy: Strategy
    topology: Topology


@dataclass(frozen=True)
class TrainingData:
    """The encoded rows to learn from, those to validate on after each epoch, and how outputs are read."""

    train: EncodedRows
    val: EncodedRows | None
    target: TargetDecoder


@dataclass(frozen=True)
class Surroundings:
    """What a run touches outside itself: its folder of checkpoints, who hears its events, who may stop it, who trains with it.

    `plans` are the digests of plans that the run went by before; their checkpoints are its own. `keeps_end` says whether
    the state at the end is saved as well: who only wants the outcome does without. `settle` waits until the record holds
    all events so far: a checkpoint must not outlive what was logged before it.
    """

    checkpoints: Path
    emit: Callable[[RunEvent], None]
    stop: StopSignal
    ranks: Ranks = ALONE
    plans: tuple[str, ...] = ()
    pulse: Pulse = field(default_factory=Pulse)
    keeps_end: bool = True
    settle: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class TrainOutcome:
    """What training came to.

    `pieces` are what this rank holds of the weights of the best epoch by the watched metric when the plan says so, else
    of the last; `metrics` are
    of the same epoch. Epochs are completed ones, so the number of the first is 1. `preempted` means that the state
    is saved and training can go on from there.
    """

    status: Literal["done", "preempted"]
    steps: int
    epochs: int
    best_epoch: int | None
    pieces: Pieces
    metrics: dict[str, float]
    resumed_from: Path | None

    @property
    def weights(self) -> dict[str, Tensor]:
        """The weights, when this rank holds them whole."""
        assert not self.pieces.is_partial
        return self.pieces.tensors
