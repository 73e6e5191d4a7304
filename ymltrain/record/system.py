"""How the machine fared while a run went on: system/<attempt>.jsonl, one line every few seconds.

Read from Linux's /proc, without a library: `cpu` and `memory` are shares of the whole machine, `process_cpu` is in
processors (2.0 are two busy ones), sizes are bytes, `read`, `written`, `received` and `sent` bytes since the run began,
`gpu_memory` what torch has reserved on each device. Elsewhere than on Linux a line holds the time only.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from ymltrain.record.directory import RunDirectory

EVERY_SECONDS = 5.0


@contextmanager
def system_watched(run: RunDirectory, attempt: int, every: float = EVERY_SECONDS) -> Iterator[None]:
    """Sample in a thread while the block runs: once at its start, then every few seconds, and at its end."""
    stop = threading.Event()
    thread = threading.Thread(target=_sample, args=(run.path / "system" / f"{attempt}.jsonl", every, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=1.0)


def read_system(run: RunDirectory) -> list[dict[str, Any]]:
    """All samples of all attempts, in order; lines that are not whole are passed over."""
    samples = []
    for file in sorted((run.path / "system").glob("*.jsonl"), key=lambda file: (len(file.stem), file.stem)):
        for line in file.read_bytes().split(b"\n"):
            with suppress(msgspec.DecodeError):
                samples.append(msgspec.json.decode(line))
    return samples


def _sample(file: Path, every: float, stop: threading.Event) -> None:
    with suppress(OSError):
        file.parent.mkdir(exist_ok=True)
        with file.open("ab", buffering=0) as stream:
            readings = _Readings()
            is_last = False
            while not is_last:
                is_last = stop.wait(every if readings.is_begun else 0.0)
                stream.write(msgspec.json.encode(readings.take()) + b"\n")


class _Readings:
    """Counters of the system, read again and again."""

    def __init__(self) -> None:
        self.is_begun = False
        self._before = self._counters()
        self._first = self._before

    def take(self) -> dict[str, Any]:
        """One line: what was used since the last one, and what is used now."""
        self.is_begun = True
        now, before = self._counters(), self._before
        self._before = now
        sample: dict[str, Any] = {"time": time.time()}
        total, busy = now["total"] - before["total"], now["busy"] - before["busy"]
        if total > 0:
            sample["cpu"] = round(busy / total, 4)
        wall = now["clock"] - before["clock"]
        if wall > 0:
            sample["process_cpu"] = round((now["process"] - before["process"]) / wall, 3)
        sample |= _memory()
        for name in ("read", "written", "received", "sent"):
            sample[name] = int(now[name] - self._first[name])
        sample |= _gpu_memory()
        return sample

    @staticmethod
    def _counters() -> dict[str, float]:
        words = (_read("/proc/stat").partition("\n")[0].split() or ["cpu"])[1:]
        ticks = [float(word) for word in words]
        io = dict(line.split(": ") for line in _read("/proc/self/io").splitlines() if ": " in line)
        rows = [
            line.split(":")[1].split() for line in _read("/proc/net/dev").splitlines()[2:] if ":" in line and " lo:" not in line
        ]
        return {
            "clock": time.monotonic(),
            "process": sum(os.times()[:2]),
            "total": sum(ticks[:8]),
            "busy": sum(ticks[:8]) - sum(ticks[3:5]),
            "read": float(io.get("read_bytes", 0)),
            "written": float(io.get("write_bytes", 0)),
            "received": float(sum(int(row[0]) for row in rows)),
            "sent": float(sum(int(row[8]) for row in rows)),
        }


def _memory() -> dict[str, Any]:
    fields = dict(line.split(":", 1) for line in _read("/proc/meminfo").splitlines() if ":" in line)
    pages = _read("/proc/self/statm").split()
    memory: dict[str, Any] = {}
    if "MemTotal" in fields and "MemAvailable" in fields:
        total, available = (int(fields[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
        memory["memory"] = round(1 - available / total, 4)
    if len(pages) > 1:
        memory["process_memory"] = int(pages[1]) * os.sysconf("SC_PAGE_SIZE")
    return memory


def _gpu_memory() -> dict[str, Any]:
    """Only where training has begun to use a device: nothing here imports torch."""
    torch: Any = sys.modules.get("torch")
    cuda = getattr(torch, "cuda", None)
    if cuda is None or not getattr(cuda, "is_initialized", lambda: False)():
        return {}
    return {"gpu_memory": [int(cuda.memory_reserved(number)) for number in range(cuda.device_count())]}


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
