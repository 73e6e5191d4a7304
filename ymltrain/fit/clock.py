"""How long each stage takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageClock:
    """Seconds by stage; a stage that is entered twice adds up."""

    def __init__(self, startup: float) -> None:
        self.seconds: dict[str, float] = {"startup": round(startup, 3)}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as part of a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 3)


def seconds_since_process_start() -> float:
    """How long this process has lived; 0 where the system does not tell."""
    try:
        with open("/proc/self/stat", encoding="ascii") as stat, open("/proc/uptime", encoding="ascii") as uptime:  # noqa: PTH123 - two pseudo files
            started_ticks = int(stat.read().rsplit(")", 1)[1].split()[19])
            import os

            return max(0.0, float(uptime.read().split()[0]) - started_ticks / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError):
        return 0.0
