"""Strategy `fsdp`: weights, gradients and optimizer state cut over all devices (torch's FSDP2, `fully_shard`).

A unit's weights are gathered when its forward or backward pass begins and freed after it. Units are the modules that the
network names in `shard_units` (a sequence of modules), else the members of its module lists with enough weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from ymltrain.api import Params, Topology, plugin
from ymltrain.builtin.strategy.state_bytes import state_bytes

if TYPE_CHECKING:
    import torch
    from lightning.pytorch.strategies import Strategy as LightningStrategy


class FsdpParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: fsdp`."""

    reshard_after_forward: Annotated[
        bool, Meta(description="Free gathered weights after the forward pass; false trades memory for one gathering less.")
    ] = True
    cpu_offload: Annotated[bool, Meta(description="Keep weights, gradients and optimizer state in host memory (CUDA).")] = False
    min_unit_parameters: Annotated[
        int, Meta(ge=1, description="Members of module lists with fewer weights are no units of their own.")
    ] = 100_000


@plugin("strategy", "fsdp", params=FsdpParams)
class FsdpStrategy:
    """Fully sharded data parallel."""

    shards_weights: ClassVar[bool] = True

    def __init__(self, params: FsdpParams) -> None:
        self._params = params

    def problems(self, topology: Topology) -> Sequence[str]:
        found = []
        if topology.accelerator == "mps":
            found.append("FSDP2 does not run on MPS: use the CPU, or `strategy: single`")
        if topology.precision == "16-mixed":
            found.append("a gradient scaler does not know sharded gradients: use bf16-mixed")
        if topology.precision == "64-true" and topology.accelerator == "cuda":
            found.append("64-true is not offered by Lightning's ModelParallelStrategy: use 32-true")
        if self._params.cpu_offload and topology.accelerator != "cuda":
            found.append("cpu_offload is for CUDA; elsewhere the weights are in host memory anyway")
        return found

    def memory_per_rank(self, parameters: int, optimizer_tensors: int, topology: Topology) -> int:
        """An equal part of the whole; what is gathered for a moment comes on top."""
        return -(-state_bytes(parameters, optimizer_tensors, topology) // topology.world_size)

    def build(self, topology: Topology) -> LightningStrategy | str:
        from ymltrain.builtin.strategy.lightning_fsdp import PlainModelParallel

        # its own default on one machine is tensor parallelism over all devices, and no sharding
        return PlainModelParallel(data_parallel_size=topology.world_size, tensor_parallel_size=1)

    def distribute(self, network: torch.nn.Module, topology: Topology, device: torch.device) -> torch.nn.Module:
        from ymltrain.builtin.strategy.sharding import Sharding, shard

        sharding = Sharding(
            reshard_after_forward=self._params.reshard_after_forward,
            cpu_offload=self._params.cpu_offload,
            min_unit_parameters=self._params.min_unit_parameters,
            precision=topology.precision,
        )
        return shard(network, sharding, topology.world_size, device)

    @contextmanager
    def accumulating(self, distributed: torch.nn.Module) -> Iterator[None]:
        network: Any = distributed
        network.set_requires_gradient_sync(False)
        try:
            yield
        finally:
            network.set_requires_gradient_sync(True)
