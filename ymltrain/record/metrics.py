"""The record of a run's metrics: JSON lines, one value a line.

metrics/<attempt>-<rank>.jsonl holds `{"name", "value", "step", "epoch", "time", "crc"}`; `time` is in seconds since 1970,
`crc` is the CRC-32 (zlib's) of the line as it would be without `,"crc":…`. A value that is not finite stands as the
string "NaN", "Infinity" or "-Infinity", since JSON has no number for it.

Each event is handed to the kernel in one write, so that a killed process loses nothing it appended and a line is
whole unless the disk was full. A reader passes over the torn end of a killed writer, and names lines that were changed.
"""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Callable
from typing import Literal

import msgspec

from ymltrain.plan.events import MetricsLogged
from ymltrain.record.directory import RunDirectory
from ymltrain.record.faults import folder_fault

NotFinite = Literal["NaN", "Infinity", "-Infinity"]


class MetricLine(msgspec.Struct, kw_only=True):
    """One line of the record, without its checksum."""

    name: str
    value: float | NotFinite
    step: int
    epoch: int
    time: float


class MetricsWriter:
    """Appends to the record of one attempt and rank. After its construction it never raises.

    When the disk refuses, `warn` is called once, the event is lost and training goes on; later events are tried anew.
    """

    def __init__(self, run: RunDirectory, attempt: int, rank: int, warn: Callable[[str], None]) -> None:
        """Open the file. Raises UsageError or RunError when it cannot be written."""
        self.path = run.metrics / f"{attempt}-{rank}.jsonl"
        self._warn = warn
        self._encoder = msgspec.json.Encoder()
        self._has_warned = False
        try:
            self.path.parent.mkdir(exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise folder_fault(self.path.parent, error) from error
        self._is_torn = not _ends_whole(self._file)

    def append(self, event: MetricsLogged) -> None:
        """Record all values of an event."""
        lines = b"".join([_sealed(self._encoder.encode(line)) for line in _lines(event)])
        if self._is_torn:
            lines = b"\n" + lines
        try:
            written = os.write(self._file, lines)
        except OSError as error:
            self._lost(error.strerror or str(error))
            return
        self._is_torn = written < len(lines)
        if self._is_torn:
            self._lost("no space left on device")

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _lost(self, reason: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            self._warn(f"metrics are being lost: cannot write {self.path}: {reason}; training goes on")


def _lines(event: MetricsLogged) -> list[MetricLine]:
    return [
        MetricLine(name=name, value=as_json_number(value), step=event.step, epoch=event.epoch, time=event.time)
        for name, value in event.values.items()
    ]


def _sealed(line: bytes) -> bytes:
    """A line with its checksum as the last key."""
    return b'%b,"crc":%d}\n' % (line[:-1], zlib.crc32(line))


def as_json_number(value: float) -> float | NotFinite:
    """A value as JSON can hold it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _ends_whole(file: int) -> bool:
    size = os.fstat(file).st_size
    return size == 0 or os.pread(file, 1, size - 1) == b"\n"
