"""The bytes that a model's state takes in a precision."""

from __future__ import annotations

from ymltrain.api import Topology

BYTES_PER_WEIGHT = {"64-true": 8, "bf16-true": 2, "16-true": 2}


def state_bytes(parameters: int, optimizer_tensors: int, topology: Topology) -> int:
    """Weights, gradients and the optimizer's tensors, all of the same precision (mixed ones keep float32)."""
    return parameters * (2 + optimizer_tensors) * BYTES_PER_WEIGHT.get(topology.precision, 4)
