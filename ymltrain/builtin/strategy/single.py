"""Strategy `single`: one process on one device."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from ymltrain.api import NoParams, Topology, plugin
from ymltrain.builtin.strategy.state_bytes import state_bytes

if TYPE_CHECKING:
    import torch
    from lightning.pytorch.strategies import Strategy as LightningStrategy


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
        """All of it on the one device."""
        return state_bytes(parameters, optimizer_tensors, topology)

    def build(self, topology: Topology) -> LightningStrategy | str:
        del topology
        return "auto"

    def distribute(self, network: torch.nn.Module, topology: Topology, device: torch.device) -> torch.nn.Module:
        del topology
        return network.to(device)

    def accumulating(self, distributed: torch.nn.Module) -> AbstractContextManager[None]:
        del distributed
        return nullcontext()
