"""From the resources a recipe declares to the processes that run it."""

from __future__ import annotations

from ymltrain.compiler.devices import accelerators, count_cuda_devices
from ymltrain.plan.sections import Compute, Trainer
from ymltrain.plan.topology import Topology


def derive_topology(compute: Compute, trainer: Trainer, *, is_single: bool) -> Topology:
    """The topology; `auto` takes the fastest accelerator that is here and, unless one device is wanted, all GPUs of it."""
    accelerator = accelerators()[0] if compute.accelerator == "auto" else compute.accelerator
    every = 1 if is_single or accelerator != "cuda" else max(1, count_cuda_devices())
    return Topology(
        accelerator=accelerator,
        nodes=compute.nodes,
        devices=every if compute.devices == "auto" else compute.devices,
        precision=trainer.precision,
        batch_size=trainer.batch_size,
    )
