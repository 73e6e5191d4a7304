"""How fast training is, where its time goes, what memory it takes; and a trace of a few steps for Perfetto or TensorBoard."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from ymltrain.run.pulse import BACKWARD, FORWARD, OPTIMIZER, Pulse

TRACED_STEPS = 5
FIRST_TRACED = 3
"""The first steps start what later ones have: allocations, DDP's buckets."""

SHARES = {"forward": FORWARD, "backward": BACKWARD, "optimizer": OPTIMIZER}


class Speedometer:
    """Speed since it was last read. On a GPU the host only hands work over, and shares are of the host's time."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._since = perf_counter()
        self._rows = 0
        self._tokens = 0
        self._steps = 0

    def count(self, rows: int, tokens: int) -> None:
        """A step of so many rows, on all ranks, is over; `tokens` are 0 where rows have none."""
        self._rows += rows
        self._tokens += tokens
        self._steps += 1

    def read(self, device: torch.device) -> dict[str, float]:
        """Rows and tokens a second, seconds a step, shares of the time, bytes of memory on this rank."""
        now = perf_counter()
        seconds = max(now - self._since, 1e-9)
        spent = self._pulse.take_times()
        values = {"speed/rows_per_s": self._rows / seconds, "speed/step_s": seconds / max(1, self._steps)}
        if self._tokens:
            values["speed/tokens_per_s"] = self._tokens / seconds
        values |= {f"speed/{name}_share": spent.get(phase, 0.0) / seconds for name, phase in SHARES.items()}
        values["memory/host_bytes"] = float(resident_bytes())
        if device.type == "cuda":
            values["memory/device_bytes"] = float(torch.cuda.max_memory_allocated(device))
        self._since, self._rows, self._tokens, self._steps = now, 0, 0, 0
        return values


def resident_bytes() -> int:
    """What this process holds in memory; the most it has held where the system tells no more."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


class Tracer:
    """Records some steps of this rank; the file is written when they are over, or training is."""

    def __init__(self, path: Path, device: torch.device) -> None:
        from torch.profiler import ProfilerActivity, profile, schedule

        activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if device.type == "cuda" else [])
        self._path = path
        self._is_open = True
        self._profile: Any = profile(
            activities=activities,
            schedule=schedule(wait=FIRST_TRACED - 1, warmup=1, active=TRACED_STEPS, repeat=1),
            on_trace_ready=self._write,
            profile_memory=True,
        )
        self._profile.start()

    def step(self) -> None:
        """A step is over."""
        if self._is_open:
            self._profile.step()

    def close(self) -> None:
        """Training is over; a second call does nothing."""
        if self._is_open:
            self._is_open = False
            self._profile.stop()

    def _write(self, recorded: Any) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        recorded.export_chrome_trace(str(self._path))
