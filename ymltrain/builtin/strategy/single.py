"""Strategy `single`: one process on one device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ymltrain.api import NoParams, Topology, plugin

if TYPE_CHECKING:
    from lightning.pytorch.strategies import Strategy as LightningStrategy

BYTES_PER_WEIGHT = {"64-true": 8, "bf16-true": 2, "16-true": 2}


@plugin("strategy", "single")
class SingleStrategy:
    """All of the model and of each batch on one device."""

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def problems(self, topology: Topology) -> Sequence[str]:
        if topology.world_size == 1:
            return []
        return [f"runs on one device, and the topology has {topology.world_size} (devices times nodes)"]

    def memory_per_rank(self, parameters: int, optimizer_tensors: int, topology: Topology) -> int:
        """Weights, gradients and the optimizer's tensors, all of the same precision (mixed ones keep float32)."""
        return parameters * (2 + optimizer_tensors) * BYTES_PER_WEIGHT.get(topology.precision, 4)

    def build(self, topology: Topology) -> LightningStrategy | str:
        del topology
        return "auto"
