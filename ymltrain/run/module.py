"""The one LightningModule: network, loss and optimizer, with several optimizer steps in each `training_step`.

Optimisation is manual. A step's loss is the sum of its weighted row losses over all its batches, divided by the sum of
the weights: an accumulated step equals one step on the joined batch, uneven batches included.
"""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy.typing as npt
import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn

from ymltrain.data.loader import EncodedRows, StepGroup, TensorSplit
from ymltrain.data.paging import MappedRows
from ymltrain.data.ranks import Ranks
from ymltrain.evaluation.evaluate import Measures, evaluate, full_precision, weighted
from ymltrain.run.drawing import draw_graph, take_histograms
from ymltrain.run.keeper import Keeper
from ymltrain.run.loop import Saved, TrainingLoop
from ymltrain.run.observing import Speedometer, Tracer
from ymltrain.run.pace import Pace
from ymltrain.run.parts import TrainingData, TrainingParts
from ymltrain.run.pieces import whole
from ymltrain.run.pulse import BACKWARD, BETWEEN, FORWARD, OPTIMIZER, SAVING, VALIDATION
from ymltrain.run.row_losses import row_losses
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
        self._measures = Measures(parts.loss.build(), parts.metrics, data.target, loop.ranks)
        self._train = TensorSplit.of(data.train)
        self._val = TensorSplit.of(data.val) if data.val is not None and data.val.rows else None
        self._is_streamed = loop.trainer.shuffle_window is not None
        self.pages = MappedRows(_arrays(data.train))
        self._val_pages = MappedRows(_arrays(data.val)) if data.val is not None else None
        if self._is_streamed:
            self.pages.release(0, data.train.rows)  # what was looked at before training
        self.loop = loop
        self._keeper = keeper
        self._pace = pace
        self._ranks: Ranks = loop.ranks
        self._counts_tokens = data.target.output.task == "next_token"
        self._grad_norm: dict[str, float] = {}
        self._speed = Speedometer(loop.pulse)
        self._tracer: Tracer | None = None
        self._spread: tuple[nn.Module, ...] = ()  # in a tuple, so that it is no submodule and no name changes

    @property
    def rows_device(self) -> torch.device:
        """Where the train rows lie."""
        return self._train.all.target.device

    def configure_model(self) -> None:
        """Spread the network over the ranks, as the strategy does."""
        if not self._spread:
            if self.loop.trainer.log_graph and self._ranks.is_first:
                self.loop.log_graph(draw_graph(self.network, self._first_rows()))
            device = self.trainer.strategy.root_device
            self._spread = (self.parts.strategy.distribute(self.network, self.parts.topology, device),)

    def _first_rows(self) -> dict[str, Tensor]:
        """The inputs of two rows, as the network takes them now."""
        dtype = network_dtype(self.loop.trainer.precision)
        device = next(iter(self.network.parameters())).device
        inputs = self._train.take(torch.arange(min(2, self._train.rows))).inputs
        return {name: tensor.to(device, dtype if tensor.is_floating_point() else None) for name, tensor in inputs.items()}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The plugin's optimizer over the parameters, where they lie now; its own lrs are what the schedule scales."""
        trainable = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.optimizer = self.parts.optimizer.build(trainable)
        self._full_lrs = [float(group["lr"]) * self.loop.trainer.lr_factor for group in self.optimizer.param_groups]
        return self.optimizer

    def on_fit_start(self) -> None:
        dtype = network_dtype(self.trainer.precision)
        self._train = self._train.placed(self.device, dtype, is_streamed=self._is_streamed)
        self._val = self._val.placed(self.device, dtype, is_streamed=self._is_streamed) if self._val else None
        self._sigterm_handler = signal.getsignal(signal.SIGTERM)

    def on_train_start(self) -> None:
        """Take SIGTERM back from Lightning, whose handler ends the process with exit code 0, and go where training stood."""
        if threading.current_thread() is threading.main_thread() and self._sigterm_handler is not None:
            signal.signal(signal.SIGTERM, self._sigterm_handler)
        self.loop.start(self.device, self, self._keeper.put_back(self))
        if self.loop.trainer.trace:
            self._tracer = Tracer(self.loop.traces / f"rank-{self._ranks.rank}.json", self.device)

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
            self.loop.step_begins()
            lr = self._schedule()
            losses, weight = self._take_step(optimizer, batches)
            rows = sum(len(numbers) for numbers in batches)
            if self.loop.are_histograms_due:
                self.loop.log_histograms(take_histograms(self.network))
            if not self.loop.step_taken(losses, weight, len(batches), {"lr": lr, **self._observed(rows, weight)}):
                self.trainer.should_stop = True
                break
        # alike on all ranks, since Lightning has a collective of its own between groups
        if self._pace.measures():
            self._pace.learn(self._ranks.largest(perf_counter() - started), len(group.steps))

    def _observed(self, rows: int, weight: float) -> dict[str, float]:
        """What is recorded of a step beside its loss and lr; a window weighs as many as it has tokens."""
        if self._tracer is not None:
            self._tracer.step()
        if not self.loop.trainer.log_speed:
            return self._grad_norm
        self._speed.count(rows, int(weight) if self._counts_tokens else 0)
        return self._grad_norm | (self._speed.read(self.device) if self.loop.is_next_logged else {})

    def on_train_end(self) -> None:
        if self._tracer is not None:
            self._tracer.close()

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Clip the gradients, which a gradient scaler has unscaled before; a fused optimizer leaves that to us."""
        limit = self.loop.trainer.gradient_clip_val
        is_recorded = self.loop.trainer.log_grad_norm and self.loop.is_next_logged
        if limit is None and not is_recorded:
            return
        scaler = getattr(self.trainer.precision_plugin, "scaler", None)
        if scaler is not None and getattr(optimizer, "_step_supports_amp_scaling", False):
            scaler.unscale_(optimizer)
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), math.inf if limit is None else limit)
        if is_recorded:
            self._grad_norm = {"train/grad_norm": whole(norm).item()}

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

    def save(self, *, in_background: bool) -> Saved | None:
        """Write a checkpoint of everything as it is now."""
        self.loop.pulse.enter(SAVING, self.loop.state.position.step)
        path = self._keeper.save(self, self.loop.state, self.loop.pending, in_background=in_background)
        return Saved(self.loop.state.position, path) if path is not None else None

    def saved(self, *, wait: bool) -> Saved | None:
        """A checkpoint that the background has completed."""
        saved = self._keeper.saved(wait=wait)
        return Saved(*saved) if saved is not None else None

    def _take_step(self, optimizer: LightningOptimizer, batches: list[Tensor]) -> tuple[Tensor, float]:
        """One optimizer step over all rows of its batches: the sum of this rank's weighted losses, and of all ranks' weights."""
        weight = sum(self._train.weight_of(numbers) for numbers in batches)
        losses = None
        pulse = self.loop.pulse
        optimizer.zero_grad()
        for number, numbers in enumerate(batches, 1):
            start, stop = self._ranks.share(len(numbers))
            is_idle = start == stop  # fewer rows than ranks: take part in the collectives with a row that weighs nothing
            batch = self._train.take(numbers[:1] if is_idle else numbers[start:stop])
            is_last = number == len(batches)
            with nullcontext() if is_last else self.parts.strategy.accumulating(self._spread[0]):
                pulse.enter(FORWARD, self.loop.state.position.step)
                output = full_precision(self._spread[0](batch.inputs))
                loss = weighted(row_losses(self._measures.loss, output, batch.target), batch.weight).sum()
                loss = loss * 0 if is_idle else loss
                # strategies average gradients over ranks, each of which counts its own rows only
                pulse.enter(BACKWARD)
                self.manual_backward(loss * self._ranks.world / weight if weight else loss)
            losses = loss.detach() if losses is None else losses + loss.detach()
        pulse.enter(OPTIMIZER)
        optimizer.step()
        pulse.enter(BETWEEN)
        assert losses is not None
        return losses, weight

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
        self.loop.pulse.enter(VALIDATION, self.loop.state.position.step)
        measured = evaluate(
            self.network,
            self._val,
            self._measures,
            batch_rows=EVALUATION_BATCHES * self.loop.trainer.batch_size,
            context=self.trainer.precision_plugin.val_step_context,
        )
        if self._is_streamed and self._val_pages is not None:
            self._val_pages.release(0, self._val.rows)
        return measured


def _arrays(rows: EncodedRows) -> Iterator[npt.NDArray[Any]]:
    """All arrays of a split."""
    yield from (*rows.inputs.values(), rows.target, *(() if rows.weight is None else (rows.weight,)))
