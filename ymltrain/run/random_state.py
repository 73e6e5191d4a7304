"""The random generators that training draws from (dropout, a plugin's own draws): seeded, captured and restored.

torch, CUDA or MPS, numpy's and Python's global ones. States are tensors, ints and tuples of them.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch


def seed_torch(seed: int) -> None:
    """Start torch's generators from one seed: those of devices, too, where there are any.

    `torch.manual_seed` remembers a stack trace for each kind of device that might be started later, at each call.
    """
    if torch.accelerator.is_available():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)


def seed_generators(seed: int) -> None:
    """Start all generators from one seed."""
    seed_torch(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  # the legacy global generator is the one that plugins may draw from
    random.seed(seed)


def capture_generators(device: torch.device) -> dict[str, Any]:
    """The state of all generators."""
    _, keys, position, has_gauss, gauss = np.random.get_state()  # noqa: NPY002  # as above
    states: dict[str, Any] = {
        "torch": torch.get_rng_state(),
        "numpy": (torch.from_numpy(np.asarray(keys, dtype=np.int64)), int(position), int(has_gauss), float(gauss)),
        "python": random.getstate(),
    }
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    if device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def restore_generators(states: dict[str, Any], device: torch.device) -> None:
    """Bring all generators back to a captured state."""
    torch.set_rng_state(states["torch"])
    keys, position, has_gauss, gauss = states["numpy"]
    np.random.set_state(("MT19937", keys.numpy().astype(np.uint32), position, has_gauss, gauss))  # noqa: NPY002  # as above
    version, internal, next_gauss = states["python"]
    random.setstate((version, tuple(internal), next_gauss))
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
    if device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])
