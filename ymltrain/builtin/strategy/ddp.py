"""Strategy `ddp`: the whole model on every device, gradients averaged while the backward pass runs (torch's DDP)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated, cast

from msgspec import Meta

from ymltrain.api import Params, Topology, plugin
from ymltrain.builtin.strategy.state_bytes import state_bytes

if TYPE_CHECKING:
    import torch
    from lightning.pytorch.strategies import Strategy as LightningStrategy
    from torch.nn.parallel import DistributedDataParallel


class DdpParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: ddp`."""

    bucket_mb: Annotated[
        float, Meta(gt=0, description="Gradients are averaged in buckets of about this many MB, each as soon as it is full.")
    ] = 25.0
    find_unused_parameters: Annotated[
        bool, Meta(description="Look in each pass for parameters that it did not use; only for models that have such.")
    ] = False


@plugin("strategy", "ddp", params=DdpParams)
class DdpStrategy:
    """Distributed data parallel."""

    def __init__(self, params: DdpParams) -> None:
        self._params = params

    def problems(self, topology: Topology) -> Sequence[str]:
        if topology.accelerator == "mps" and topology.world_size > 1:
            return ["MPS has one device, and no way for processes to share gradients: use the CPU, or one device"]
        return []

    def memory_per_rank(self, parameters: int, optimizer_tensors: int, topology: Topology) -> int:
        """The same on every rank: DDP's buckets are the gradients themselves."""
        return state_bytes(parameters, optimizer_tensors, topology)

    def build(self, topology: Topology) -> LightningStrategy | str:
        del topology
        from ymltrain.builtin.strategy.lightning_ddp import PlainDDP

        return PlainDDP()

    def distribute(self, network: torch.nn.Module, topology: Topology, device: torch.device) -> torch.nn.Module:
        from torch.nn.parallel import DistributedDataParallel

        network.to(device)
        if topology.world_size == 1:
            return network
        return DistributedDataParallel(
            network,
            device_ids=None if device.type == "cpu" else [device.index],
            bucket_cap_mb=self._params.bucket_mb,
            find_unused_parameters=self._params.find_unused_parameters,
            gradient_as_bucket_view=True,
        )

    def accumulating(self, distributed: torch.nn.Module) -> AbstractContextManager[None]:
        return cast("DistributedDataParallel", distributed).no_sync()
