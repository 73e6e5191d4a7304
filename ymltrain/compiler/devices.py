"""Which accelerators this machine has, without importing torch."""

from __future__ import annotations

import os
import platform
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, TypeAlias

Accelerator: TypeAlias = Literal["cpu", "cuda", "mps"]

_NVIDIA_GPUS = Path("/proc/driver/nvidia/gpus")


@lru_cache(maxsize=1)
def accelerators() -> tuple[Accelerator, ...]:
    """What a run can use here, the fastest first; the CPU is always there."""
    found: list[Accelerator] = []
    if count_cuda_devices() > 0:
        found.append("cuda")
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        found.append("mps")
    return (*found, "cpu")


def count_cuda_devices() -> int:
    """The CUDA devices that this process may use: those of the driver, narrowed by CUDA_VISIBLE_DEVICES.

    None of them when the installed torch is built for the CPU alone.
    """
    try:
        if version("torch").endswith("+cpu"):
            return 0
    except PackageNotFoundError:
        return 0
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        names = [name.strip() for name in visible.split(",")]
        return len([name for name in names if name and name != "-1"])
    return len(list(_NVIDIA_GPUS.iterdir())) if _NVIDIA_GPUS.is_dir() else 0
