"""The one LightningModule: network, loss and optimizer, with several optimizer steps in each `training_step`.

Optimisation is manual. A step's loss is the sum of its row losses over all its batches, divided by its rows: an
accumulated step equals one step on the joined batch, uneven batches included.
"""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor

from ymltrain.data.loader import StepGroup, TensorSplit
from ymltrain.evaluation.evaluate import Measures, evaluate, full_precision
from ymltrain.run.keeper import Keeper
from ymltrain.run.loop import TrainingLoop
from ymltrain.run.pace import Pace
from ymltrain.run.parts import TrainingData, TrainingParts
from ymltrain.run.weights import network_dtype

EVALUATION_BATCHES = 4  # without gradients, four batches take about the memory that training takes for one


class TrainingModule(LightningModule):
    """Takes optimizer steps and evaluates; what to do between them is the loop's decision."""

    def __init__(self, parts: TrainingParts, data: TrainingData, loop: TrainingLoop, keeper: Keeper, pace: Pace) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = parts.network
        self.optimizer: torch.optim.Optimizer
        self.parts = parts
        self._measures = Measures(parts.loss.build(), parts.metrics, data.target)
        self._train = TensorSplit.of(data.train)
        self._val = TensorSplit.of(data.val) if data.val is not None and data.val.rows else None
        self.loop = loop
        self._keeper = keeper
        self._pace = pace

    @property
    def rows_device(self) -> torch.device:
        """Where the train rows lie."""
        return self._train.target.device

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The plugin's optimizer over the parameters, where they lie now; its own lrs are what the schedule scales."""
        trainable = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.optimizer = self.parts.optimizer.build(trainable)
        self._full_lrs = [float(group["lr"]) for group in self.optimizer.param_groups]
        return self.optimizer

    def on_fit_start(self) -> None:
        dtype = network_dtype(self.trainer.precision)
        self._train = self._train.placed(self.device, dtype)
        self._val = self._val.placed(self.device, dtype) if self._val else None
        self._sigterm_handler = signal.getsignal(signal.SIGTERM)

    def on_train_start(self) -> None:
        """Take SIGTERM back from Lightning, whose handler ends the process with exit code 0, and go where training stood."""
        if threading.current_thread() is threading.main_thread() and self._sigterm_handler is not None:
            signal.signal(signal.SIGTERM, self._sigterm_handler)
        self.loop.start(self.device, self)
        self._keeper.put_back(self)

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """A group holds row numbers only; rows go to the device when they are taken."""
        del device, dataloader_idx
        return batch

    def training_step(self, group: StepGroup) -> None:
        """Take the optimizer steps of a group, or those up to where the loop ends."""
        self.loop.expect(group.epoch, group.first_batch)
        optimizer = self.optimizers()
        assert isinstance(optimizer, LightningOptimizer)
        started = perf_counter()
        for batches in group.steps:
            lr = self._schedule()
            losses, rows = self._take_step(optimizer, batches)
            if not self.loop.step_taken(losses, rows, len(batches), lr):
                self.trainer.should_stop = True
                break
        self._pace.learn(perf_counter() - started, len(group.steps))

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Clip the gradients, which a gradient scaler has unscaled before; a fused optimizer leaves that to us."""
        limit = self.loop.trainer.gradient_clip_val
        if limit is None:
            return
        scaler = getattr(self.trainer.precision_plugin, "scaler", None)
        if scaler is not None and getattr(optimizer, "_step_supports_amp_scaling", False):
            scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), limit)

    def on_train_epoch_end(self) -> None:
        if not self.loop.epoch_ended(self._validate):
            self.trainer.should_stop = True

    @property
    def newest_checkpoint(self) -> Path | None:
        """Where the newest complete checkpoint lies."""
        return self._keeper.newest_checkpoint

    def keep_best(self) -> None:
        """Copy the weights as they are now."""
        self._keeper.keep_best(self, self.loop.state)

    def save(self) -> Path:
        """Write a checkpoint of everything as it is now."""
        return self._keeper.save(self, self.loop.freeze())

    def _take_step(self, optimizer: LightningOptimizer, batches: list[Tensor]) -> tuple[Tensor, int]:
        """One optimizer step over all rows of its batches: the sum of their losses, and how many they are."""
        rows = sum(len(batch) for batch in batches)
        losses = None
        optimizer.zero_grad()
        for numbers in batches:
            batch = self._train.take(numbers)
            output = full_precision(self.network(batch.inputs))
            loss = self._measures.loss(output, batch.target).sum()
            self.manual_backward(loss / rows)
            losses = loss.detach() if losses is None else losses + loss.detach()
        optimizer.step()
        assert losses is not None
        return losses, rows

    def _schedule(self) -> float:
        """Set the lr of the next step; the first group's is what is logged."""
        extent = self.loop.extent
        factor = self.parts.lr_scheduler.factor(self.loop.state.position.step, extent.total_steps, extent.steps_per_epoch)
        for group, full in zip(self.optimizer.param_groups, self._full_lrs, strict=True):
            group["lr"] = full * factor
        return self._full_lrs[0] * factor

    def _validate(self) -> dict[str, float]:
        if self._val is None:
            return {}
        return evaluate(
            self.network,
            self._val,
            self._measures,
            batch_rows=EVALUATION_BATCHES * self.loop.trainer.batch_size,
            context=self.trainer.precision_plugin.val_step_context,
        )
