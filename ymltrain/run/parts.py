"""What training takes, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ymltrain.kinds.contracts import Loss, LrScheduler, Metric, Optimizer, Strategy
from ymltrain.plan.events import RunEvent
from ymltrain.run.signals import StopSignal

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ymltrain.data.loader import EncodedRows
    from ymltrain.evaluation.evaluate import TargetDecoder


@dataclass(frozen=True)
class TrainingParts:
    """The network to train, and the plugins that say how; metrics by the name they are logged under."""

    network: nn.Module
    optimizer: Optimizer
    lr_scheduler: LrScheduler
    loss: Loss
    metrics: Mapping[str, Metric]
    strategy: Strategy


@dataclass(frozen=True)
class TrainingData:
    """The encoded rows to learn from, those to validate on after each epoch, and how outputs are read."""

    train: EncodedRows
    val: EncodedRows | None
    target: TargetDecoder


@dataclass(frozen=True)
class Surroundings:
    """What a run touches outside itself: its folder of checkpoints, who hears its events, who may stop it."""

    checkpoints: Path
    emit: Callable[[RunEvent], None]
    stop: StopSignal


@dataclass(frozen=True)
class TrainOutcome:
    """What training came to.

    `weights` are those of the best epoch by the watched metric when the plan says so, else the last; `metrics` are
    of the same epoch. Epochs are completed ones, so the number of the first is 1. `preempted` means that the state
    is saved and training can go on from there.
    """

    status: Literal["done", "preempted"]
    steps: int
    epochs: int
    best_epoch: int | None
    weights: dict[str, Tensor]
    metrics: dict[str, float]
    resumed_from: Path | None
