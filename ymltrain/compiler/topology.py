"""From the resources a recipe declares to the processes that run it."""

from __future__ import annotations

from ymltrain.compiler.devices import accelerators
from ymltrain.plan.sections import Compute, Trainer
from ymltrain.plan.topology import Topology


def derive_topology(compute: Compute, trainer: Trainer) -> Topology:
    """The topology; `auto` takes the fastest accelerator that is here and one device of it."""
    return Topology(
        accelerator=accelerators()[0] if compute.accelerator == "auto" else compute.accelerator,
        nodes=compute.nodes,
        devices=1 if compute.devices == "auto" else compute.devices,
        precision=trainer.precision,
        batch_size=trainer.batch_size,
    )
