"""The training loop's decisions: what is logged, watched and saved after a step and after an epoch, and when it ends.

It knows positions and numbers only; the module that computes steps tells it what happened.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from ymltrain.data.loader import count_steps
from ymltrain.diagnostics import InternalError, RunError
from ymltrain.plan.events import CheckpointSaved, EpochEnded, GraphDrawn, GraphNode, Histogram, HistogramsLogged, MetricsLogged
from ymltrain.plan.plan import Watch
from ymltrain.plan.sections import Trainer
from ymltrain.run.finite import not_finite
from ymltrain.run.parts import Surroundings
from ymltrain.run.state import Best, Goal, LoopState, Position, is_better


@dataclass(frozen=True)
class Extent:
    """How long training is at most."""

    batches_per_epoch: int
    steps_per_epoch: int
    total_steps: int

    @classmethod
    def of(cls, trainer: Trainer, rows: int) -> Extent:
        """The extent of training on so many rows."""
        batches, steps = count_steps(rows, trainer.batch_size, trainer.accumulate_grad_batches)
        total = steps * trainer.max_epochs
        return cls(batches, steps, min(total, trainer.max_steps) if trainer.max_steps else total)


@dataclass(frozen=True)
class Rules:
    """What the plan says about training: its trainer section, and which metrics are watched in which direction."""

    trainer: Trainer
    watch: Watch | None
    goals: Mapping[str, Goal]

    @property
    def keeps_best(self) -> bool:
        """Whether the weights of the best epoch are what training gives."""
        return self.trainer.weights == "best" and self.watch is not None


@dataclass(frozen=True)
class Saved:
    """A checkpoint that is complete."""

    position: Position
    path: Path


class Store(Protocol):
    """Where the loop has weights and state kept."""

    @property
    def newest_checkpoint(self) -> Path | None: ...

    def keep_best(self) -> None:
        """Copy the weights as they are now."""
        ...

    def save(self, *, in_background: bool) -> Saved | None:
        """Write a checkpoint of everything as it is now; None when it is left to the background."""
        ...

    def saved(self, *, wait: bool) -> Saved | None:
        """A checkpoint that the background has completed since it was last asked."""
        ...


class TrainingLoop:
    """The state of training and every decision about it."""

    def __init__(self, rules: Rules, extent: Extent, state: LoopState, around: Surroundings) -> None:
        self._rules = rules
        self.extent = extent
        self.state = state
        self._emit = around.emit
        self._settle = around.settle
        self._stop = around.stop
        self._keeps_end = around.keeps_end
        self.ranks = around.ranks
        self.pulse = around.pulse
        self.traces = around.checkpoints.parent / "trace"
        self._saved_at = state.position
        self._is_to_stop: Callable[[], bool] = lambda: False
        self._pending = torch.tensor(0.0)
        self.is_preempted = False

    @property
    def trainer(self) -> Trainer:
        """The plan's trainer section."""
        return self._rules.trainer

    @property
    def keeps_best(self) -> bool:
        """Whether the weights of the best epoch are what training gives."""
        return self._rules.keeps_best

    @property
    def epochs_left(self) -> int:
        """Epochs until the last one, the begun one included."""
        return self.trainer.max_epochs - self.state.position.epoch

    @property
    def steps_left(self) -> int:
        """Optimizer steps until the last one."""
        return self.extent.total_steps - self.state.position.step

    def start(self, device: torch.device, store: Store, pending: float) -> None:
        """Take up this rank's running sum of the losses on the device where it grows."""
        self._store = store
        dtype = torch.float32 if device.type == "mps" else torch.float64  # MPS has no float64
        self._pending = torch.tensor(pending, dtype=dtype, device=device)

    @property
    def pending(self) -> float:
        """This rank's sum of the losses that were not read yet, exactly as it stands."""
        return self._pending.item()

    def expect(self, epoch: int, batch: int) -> None:
        """Refuse to train on batches that are not the next ones."""
        position = self.state.position
        if (epoch, batch) != (position.epoch, position.batch):
            raise InternalError("YT909", f"batch {batch} of epoch {epoch} was served at {position}", "please report this")

    @property
    def is_next_logged(self) -> bool:
        """Whether the step that is being taken is one of those that are recorded."""
        return (self.state.position.step + 1) % self.trainer.log_every_n_steps == 0

    @property
    def are_histograms_due(self) -> bool:
        """Whether weights and gradients after the step that is being taken are recorded."""
        every = self.trainer.log_histograms_every_n_steps
        return every is not None and (self.state.position.step + 1) % every == 0

    def log_histograms(self, histograms: dict[str, Histogram]) -> None:
        """Record them for the step that is being taken."""
        position = self.state.position
        self._emit(HistogramsLogged(step=position.step + 1, epoch=position.epoch + 1, time=time.time(), values=histograms))

    def log_graph(self, nodes: tuple[GraphNode, ...]) -> None:
        """Record the graph of the network."""
        if nodes:
            self._emit(GraphDrawn(step=self.state.position.step, time=time.time(), nodes=nodes))

    def step_begins(self) -> None:
        """Ask all ranks whether training is to stop after the step that begins; the answer comes while it is computed."""
        self._is_to_stop = self.ranks.ask(lambda: self._stop.is_requested)

    def step_taken(self, losses: Tensor, weight: float, batches: int, extra: dict[str, float]) -> bool:
        """Take in an optimizer step: this rank's sum of weighted row losses, all ranks' weights, what else to record.

        Whether training goes on.
        """
        state = self.state
        self._pending += losses
        state.pending_weight += weight
        before = state.position
        state.position = Position(epoch=before.epoch, batch=before.batch + batches, step=before.step + 1)
        if state.position.step % self.trainer.log_every_n_steps == 0:
            self._read_losses()
            self._log({"train/loss": state.since_log.take(), **extra})
        self._report_saved(wait=False)
        is_to_stop = self._is_to_stop()
        if self._is_epoch_over:
            return self.steps_left > 0
        if is_to_stop:
            self._save_now()
            self.is_preempted = True
            return False
        every = self.trainer.checkpoint.every_n_steps
        if every and state.position.step % every == 0:
            self._save_now(in_background=self.trainer.checkpoint.in_background)
        return True

    def epoch_ended(self, validate: Callable[[], dict[str, float]]) -> bool:
        """Validate, watch, stop early and save, unless the epoch was only left. Whether training goes on."""
        if self.is_preempted:
            return False
        state, trainer = self.state, self.trainer
        self._read_losses()
        state.metrics = {"train/loss_epoch": state.in_epoch.take()} | {f"val/{name}": value for name, value in validate().items()}
        self._log(state.metrics)
        if not math.isfinite(state.metrics.get("val/loss", 0.0)):
            raise self._not_finite("val/loss is not finite")
        is_best = self._watch_epoch()
        state.position = Position(epoch=state.position.epoch + 1, step=state.position.step)
        self._emit(EpochEnded(epoch=state.position.epoch, step=state.position.step, is_best=is_best))
        state.is_finished = state.position.epoch == trainer.max_epochs or self.steps_left <= 0 or self._is_patience_over()
        is_due = state.position.epoch % trainer.checkpoint.every_n_epochs == 0 or self._is_step_due()
        self.is_preempted = self.ranks.any(self._stop.is_requested) and not state.is_finished
        if is_due or (state.is_finished and self._keeps_end) or self.is_preempted:
            is_last = state.is_finished or self.is_preempted
            self._save_now(in_background=trainer.checkpoint.in_background and not is_last)
        return not (state.is_finished or self.is_preempted)

    @property
    def _is_epoch_over(self) -> bool:
        return self.state.position.batch >= self.extent.batches_per_epoch or self.steps_left <= 0

    def _is_step_due(self) -> bool:
        every = self.trainer.checkpoint.every_n_steps
        return every is not None and self.state.position.step % every == 0

    def _read_losses(self) -> None:
        """Bring the pending losses over from the device: the only place where training waits for it."""
        state = self.state
        total = self.ranks.sum(self._pending).item()
        if not math.isfinite(total):
            raise self._not_finite("the training loss is not finite")
        state.since_log.add(total, state.pending_weight)
        state.in_epoch.add(total, state.pending_weight)
        self._pending.zero_()
        state.pending_weight = 0.0

    def _log(self, values: dict[str, float]) -> None:
        position = self.state.position
        self._emit(MetricsLogged(step=position.step, epoch=position.epoch + 1, time=time.time(), values=dict(values)))

    def _watch_epoch(self) -> bool:
        """Compare the epoch with the best so far, and keep its weights when it is better."""
        state, watch = self.state, self._rules.watch
        stopping = self.trainer.early_stopping
        if stopping is not None:
            state.patience.see(self._watched(stopping.metric), self._rules.goals[stopping.metric], stopping.min_delta)
        if watch is None:
            return False
        value = self._watched(watch.metric)
        if not is_better(value, state.best.value if state.best else None, watch.goal):
            return False
        state.best = Best(epoch=state.position.epoch + 1, step=state.position.step, value=value, metrics=dict(state.metrics))
        if self._rules.keeps_best:
            self._store.keep_best()
        return True

    def _watched(self, metric: str) -> float:
        if metric not in self.state.metrics:
            raise RunError(
                "YT905",
                f"nothing writes the watched metric {metric}; there are {', '.join(self.state.metrics)}",
                "watch one of these, and give the val split rows if it has none",
            )
        return self.state.metrics[metric]

    def _is_patience_over(self) -> bool:
        stopping = self.trainer.early_stopping
        return stopping is not None and self.state.patience.epochs_without >= stopping.patience

    def _save_now(self, *, in_background: bool = False) -> None:
        self._report_saved(wait=True)
        position = self.state.position
        if position == self._saved_at:
            return
        if not torch.isfinite(self._pending).item():
            raise self._not_finite("the training loss is not finite")
        self._saved_at = position
        self._settle()
        self._report(self._store.save(in_background=in_background))

    def _report_saved(self, *, wait: bool) -> None:
        if self.trainer.checkpoint.in_background:
            self._report(self._store.saved(wait=wait))

    def _report(self, saved: Saved | None) -> None:
        if saved is not None:
            self._emit(CheckpointSaved(path=saved.path, epoch=saved.position.epoch, step=saved.position.step))

    def _not_finite(self, what: str) -> RunError:
        return not_finite(what, self.state.position, self._store.newest_checkpoint)
