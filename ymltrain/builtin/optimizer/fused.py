"""Whether torch's fused kernels (one pass over all weights; bit-deterministic) can take an optimizer's parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def can_fuse(parameters: Sequence[torch.nn.Parameter], devices: tuple[str, ...] = ("cpu", "cuda", "mps")) -> bool:
    """True when all parameters are floating point and live on a device that has the kernel."""
    return all(parameter.device.type in devices and parameter.is_floating_point() for parameter in parameters)
