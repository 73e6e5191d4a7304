"""Weights: of which type a precision makes them, and whether they are numbers."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

TRUE_PRECISIONS = {"64-true": torch.float64, "bf16-true": torch.bfloat16, "16-true": torch.float16}


def network_dtype(precision: str) -> torch.dtype:
    """The floating point type of a network in a precision, by Lightning's names; a mixed one keeps float32."""
    return TRUE_PRECISIONS.get(precision, torch.float32)


def are_finite(weights: Mapping[str, Tensor]) -> bool:
    """Whether no value is NaN or infinite."""
    return all(bool(tensor.isfinite().all()) for tensor in weights.values() if tensor.is_floating_point())
