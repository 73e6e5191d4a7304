"""Where and how wide a plan runs: processes, devices, and what each takes of the global batch."""

from __future__ import annotations

from typing import Literal

import msgspec


class Topology(msgspec.Struct, frozen=True, kw_only=True):
    """The shape of a run. `batch_size` is global: the same whatever the number of devices."""

    accelerator: Literal["cpu", "cuda", "mps"]
    nodes: int
    devices: int
    precision: str
    batch_size: int

    @property
    def world_size(self) -> int:
        """The number of training processes."""
        return self.nodes * self.devices
