"""A training step without data or devices: torch's memory tracker over fake tensors, among ranks that are not there.

The network is built and cut on the meta device, which knows shapes only; then its tensors become fake ones on the CPU, and a
forward and a backward pass run on them. Nothing is computed and nothing allocated. Of the ranks this is the first, the
others are a process group that answers at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.mem_tracker import MemTracker
from torch.testing._internal.distributed.fake_pg import FakeStore

from ymltrain.evaluation.evaluate import full_precision
from ymltrain.fit.memory import RankMemory
from ymltrain.kinds.contracts import Loss, Model, Optimizer, Strategy
from ymltrain.plan.shapes import FeatureShape, OutputShape
from ymltrain.plan.topology import Topology
from ymltrain.run.row_losses import row_losses
from ymltrain.run.weights import network_dtype

CPU = torch.device("cpu")
TOTAL = "Total"
"""The tracker's name for all kinds of memory together."""


def measure_memory(
    estimate: RankMemory,
    plugins: Mapping[str, Any],
    shapes: tuple[Sequence[FeatureShape], OutputShape],
    topology: Topology,
) -> RankMemory:
    """The estimate with what a step takes beside the state. `plugins` are model, optimizer, loss and strategy."""
    model: Model = plugins["model"]
    strategy: Strategy = plugins["strategy"]
    is_sharded = bool(getattr(strategy, "shards_weights", False)) and topology.world_size > 1
    with _absent_ranks(topology.world_size):
        with torch.device("meta"):
            network = model.build(*shapes).to(network_dtype(topology.precision))
        if is_sharded:
            strategy.distribute(network, topology, CPU)
        with FakeTensorMode(allow_non_fake_inputs=True):
            network.to_empty(device=CPU)
            peak = _step(
                network,
                plugins,
                _batch(estimate.rows, *shapes, network),
                keeps_gradients=not is_sharded and topology.world_size > 1,
            )
    return msgspec.structs.replace(estimate, activations=peak["Activation"], peak=peak["Total"])


def _step(
    network: nn.Module, plugins: Mapping[str, Any], batch: tuple[dict[str, Tensor], Tensor], *, keeps_gradients: bool
) -> dict[str, int]:
    """The bytes by kind when most are held, over a step of a run that has its optimizer's state already.

    DDP keeps the memory of gradients between steps, for its buckets are the gradients; else they are freed.
    """
    optimizer_plugin: Optimizer = plugins["optimizer"]
    loss_plugin: Loss = plugins["loss"]
    optimizer = optimizer_plugin.build([weight for weight in network.parameters() if weight.requires_grad])
    for weight in network.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    if not keeps_gradients:
        optimizer.zero_grad()
    loss = loss_plugin.build()
    inputs, target = batch
    tracker = _PeakTracker()
    tracker.track_external(network, optimizer, *inputs.values(), target)
    with tracker:
        losses = row_losses(loss, full_precision(network(inputs)), target)
        torch.autograd.backward(losses.sum() / len(losses))
        optimizer.step()
    snapshot = tracker.get_tracker_snapshot("peak")
    held: dict[str, int] = {}
    for of_device in snapshot.values():
        for kind, size in of_device.items():
            name = kind if isinstance(kind, str) else kind.value
            held[name] = held.get(name, 0) + size
    return held


class _PeakTracker(MemTracker):  # type: ignore[no-untyped-call]  # torch does not annotate its __init_subclass__
    """Keeps the peak of the whole only: torch's own looks at every module at each operation, and deep networks have many."""

    def _update_peak_stats(self, peak_state: Any) -> None:
        del peak_state
        for device, held in self._curr_mem_snap.items():
            if self._peak_mem.get(device, 0) < held[TOTAL]:
                self._peak_mem[device] = held[TOTAL]
                self._peak_mem_snap[device] = dict(held)


def _batch(
    rows: int, features: Sequence[FeatureShape], output: OutputShape, network: nn.Module
) -> tuple[dict[str, Tensor], Tensor]:
    """The rows of one rank, as training takes them."""
    dtype = next(network.parameters()).dtype
    numbers = sum(feature.width for feature in features if feature.kind == "number")
    categories = sum(feature.kind == "category" for feature in features)
    inputs: dict[str, Tensor] = {}
    if numbers:
        inputs["number"] = torch.zeros(rows, numbers, dtype=dtype)
    if categories:
        inputs["category"] = torch.zeros(rows, categories, dtype=torch.int32)
    if output.task == "next_token":
        windows = torch.zeros(rows, features[0].width, dtype=torch.int32)
        return {"tokens": windows}, torch.zeros_like(windows)
    target = torch.zeros(rows) if output.task == "regression" else torch.zeros(rows, dtype=torch.int64)
    return inputs, target


@contextmanager
def _absent_ranks(world: int) -> Iterator[None]:
    """A process group of which only the first rank is there."""
    if world == 1:
        yield
        return
    os.environ.setdefault("LOCAL_RANK", "0")
    dist.init_process_group("fake", store=FakeStore(), rank=0, world_size=world)
    try:
        yield
    finally:
        dist.destroy_process_group()
