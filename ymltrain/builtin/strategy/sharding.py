"""Cutting a network over ranks with FSDP2: which modules are units, and in which precision they gather and reduce."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import CPUOffloadPolicy, FSDPModule, MixedPrecisionPolicy, OffloadPolicy, fully_shard


@dataclass(frozen=True)
class Sharding:
    """How a network is cut."""

    reshard_after_forward: bool
    cpu_offload: bool
    min_unit_parameters: int
    precision: str


def shard(network: nn.Module, sharding: Sharding, world: int, device: torch.device) -> nn.Module:
    """Cut the network in place, its units first; each rank keeps its rows of every weight."""
    mesh = init_device_mesh(device.type, (world,), mesh_dim_names=("shard",))
    return shard_over(network, sharding, mesh)


def shard_over(network: nn.Module, sharding: Sharding, mesh: DeviceMesh) -> nn.Module:
    """As `shard`, over a mesh that is there."""
    mixed = MixedPrecisionPolicy(
        param_dtype=torch.bfloat16 if sharding.precision == "bf16-mixed" else None, reduce_dtype=torch.float32
    )
    options: dict[str, Any] = {
        "mesh": mesh,
        "mp_policy": mixed if sharding.precision == "bf16-mixed" else MixedPrecisionPolicy(),
        "offload_policy": CPUOffloadPolicy() if sharding.cpu_offload else OffloadPolicy(),
    }
    for unit in units(network, sharding.min_unit_parameters):
        fully_shard(unit, reshard_after_forward=sharding.reshard_after_forward, **options)
    fully_shard(network, reshard_after_forward=False, **options)  # its backward pass begins where its forward pass ends
    if mesh.device_type == "cpu":
        # gloo has no averaging of its own; the sum, divided before, is the same on any version of torch
        for module in network.modules():
            if isinstance(module, FSDPModule):
                module.set_force_sum_reduction_for_comms(enable=True)
    return network


def units(network: nn.Module, min_parameters: int) -> Iterator[nn.Module]:
    """The modules that are gathered and freed as a whole: what the network names, else large members of module lists."""
    named = getattr(network, "shard_units", None)
    if named is not None:
        yield from cast("list[nn.Module]", list(named))
        return
    for module in network.modules():
        if isinstance(module, nn.ModuleList | nn.Sequential):
            yield from (child for child in module if sum(weight.numel() for weight in child.parameters()) >= min_parameters)
