"""The record of a run's metrics: JSON lines, one value a line.

metrics/<attempt>-<rank>.jsonl holds `{"name", "value", "step", "epoch", "time", "crc"}`; `time` is in seconds since 1970,
`crc` is the CRC-32 (zlib's) of the line as it would be without `,"crc":…`. A value that is not finite stands as the
string "NaN", "Infinity" or "-Infinity", since JSON has no number for it.

Values wait in memory for a thread that hands them to the kernel five times a second, so that neither the making of lines
nor a slow disk holds training up, and a killed process loses less than the last second. A reader passes over the torn
end of a killed writer, and names lines that were changed.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from math import isfinite, isnan
from typing import Literal

import msgspec

from ymltrain.plan.events import MetricsLogged
from ymltrain.record.append_file import AppendFile
from ymltrain.record.directory import RunDirectory
from ymltrain.record.faults import folder_fault

WRITE_SECONDS = 0.2
SYNC_SECONDS = 1.0
PATIENCE = 30.0
MOST_WAITING = 1_000_000
AT_ONCE = 1_000
"""Events that become one write: a full disk costs no more of them, and the thread leaves the interpreter to others in between."""

UNFIT = (TypeError, ValueError, OverflowError, msgspec.MsgspecError)
"""What a name or a value raises that JSON cannot hold."""

NotFinite = Literal["NaN", "Infinity", "-Infinity"]


class MetricLine(msgspec.Struct, kw_only=True, gc=False):
    """One line of the record, without its checksum."""

    name: str
    value: float | NotFinite
    step: int
    epoch: int
    time: float


class MetricsWriter:
    """Appends to the record of one attempt and rank. After its construction it never raises, and never waits for the disk.

    When the disk refuses, `warn` is called once, what was to be written is lost and training goes on; later events are
    tried anew.
    """

    def __init__(self, run: RunDirectory, attempt: int, rank: int, warn: Callable[[str], None]) -> None:
        """Open the file. Raises UsageError or RunError when it cannot be written."""
        self.path = run.metrics / f"{attempt}-{rank}.jsonl"
        self._warn = warn
        self._encoder = msgspec.json.Encoder()
        self._has_warned = False
        self._waiting: deque[MetricsLogged] = deque()
        self._writing = threading.Lock()
        self._closing = threading.Event()
        self._unsynced_since: float | None = None
        try:
            self.path.parent.mkdir(exist_ok=True)
            self._file = AppendFile(self.path)
        except OSError as error:
            raise folder_fault(self.path.parent, error) from error
        self._thread = threading.Thread(target=self._work, name="metrics", daemon=True)
        self._thread.start()

    @property
    def is_writing(self) -> bool:
        """Whether the thread that writes is still there."""
        return self._thread.is_alive()

    def append(self, event: MetricsLogged) -> None:
        """Record all values of an event, soon."""
        waiting = self._waiting
        if self._closing.is_set() or len(waiting) >= MOST_WAITING:
            self._lost("it is closed" if self._closing.is_set() else f"{MOST_WAITING:,} events wait for the disk")
            return
        waiting.append(event)

    def flush(self) -> None:
        """Wait until everything appended before this call is beyond the reach of a kill."""
        with self._writing:
            while self._waiting:
                self._write(self._next_events())

    def close(self, patience: float = PATIENCE) -> None:
        """Write what still waits, and wait for the disk no longer than `patience` seconds; a second call does nothing."""
        self._closing.set()
        self._thread.join(patience)
        if self._thread.is_alive():
            self._lost(f"the disk has not answered for {patience:g} s")
        else:
            self._file.close()

    def _work(self) -> None:
        while not self._closing.wait(WRITE_SECONDS):
            self.flush()
            if self._unsynced_since is not None and time.monotonic() - self._unsynced_since > SYNC_SECONDS:
                self._sync()
        self.flush()
        self._sync()

    def _next_events(self) -> list[MetricsLogged]:
        events = list(islice(self._waiting, AT_ONCE))
        for _ in events:
            self._waiting.popleft()
        return events

    def _write(self, events: Sequence[MetricsLogged]) -> None:
        try:
            self._file.write(_sealed_lines(self._encoder, events))
        except OSError as error:
            self._lost(error.strerror or str(error))
        except UNFIT as error:
            if len(events) == 1:
                self._lost(str(error))
            else:
                for event in events:
                    self._write([event])
        if self._unsynced_since is None:
            self._unsynced_since = time.monotonic()

    def _sync(self) -> None:
        if self._unsynced_since is not None:
            self._unsynced_since = None
            try:
                self._file.sync()
            except OSError as error:
                self._lost(error.strerror or str(error))

    def _lost(self, reason: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            self._warn(f"metrics are being lost: cannot write {self.path}: {reason}; training goes on")


def _sealed_lines(encoder: msgspec.json.Encoder, events: Sequence[MetricsLogged]) -> bytes:
    """Each value of the events as a line with its checksum as the last key."""
    lines = [
        MetricLine(
            name=name,
            value=value if isfinite(value) else as_json_number(value),
            step=event.step,
            epoch=event.epoch,
            time=event.time,
        )
        for event in events
        for name, value in event.values.items()
    ]
    texts = encoder.encode_lines(lines).split(b"\n")[:-1]
    crc32 = zlib.crc32
    return b"".join([b'%b,"crc":%d}\n' % (text[:-1], crc32(text)) for text in texts])


def as_json_number(value: float) -> float | NotFinite:
    """A value as JSON can hold it."""
    if isfinite(value):
        return value
    return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
