"""Writing a serving log: one JSON line a prediction, which `ymltrain skew check` reads. Any service can use it.

    from ymltrain.serving.log import ServingLog

    with ServingLog("logs/price", sample=0.1) as log:
        log.write({"request_id": "r1", "inputs": {"carat": 0.3}, "features": {"carat": -1.05}, "prediction": 441.0})

Written rules. A record is an object with `inputs` (raw columns) and as much as there is of `request_id`, `served_at`, `bundle`,
`features` (encoded values as served), `prediction`, `label` and `versions`; more keys may be. Writing costs the caller a place in a
queue: a thread encodes and writes, in its own time while little is queued. When the queue is full a record is dropped and counted,
never waited for. Files are named by the time they were begun and end in `.jsonl`; a new one is begun when one is full, and the
oldest go when there are too many. Whole lines are written, so a killed process leaves at most its last line unfinished.
"""

from __future__ import annotations

import hashlib
import os
import queue
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import msgspec

QUEUED = 50_000
BATCHED = 512
GATHERED_SECONDS = 0.05


class ServingLog:
    """A folder of log files. `sample` is the share of requests that is kept, chosen by request id."""

    def __init__(
        self, folder: str | os.PathLike[str], *, sample: float = 1.0, rotate_bytes: int = 64 << 20, keep_files: int = 100
    ) -> None:
        self._folder = Path(folder)
        self._sample = sample
        self._rotate_bytes = rotate_bytes
        self._keep_files = keep_files
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stream: BinaryIO | None = None
        self._written = 0
        self.dropped = 0
        self.records = 0
        self._folder.mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._run, name="serving-log", daemon=True)
        self._thread.start()

    def is_sampled(self, request_id: str) -> bool:
        """Whether this request's records are kept: the same answer in every process."""
        if self._sample >= 1:
            return True
        digest = hashlib.blake2b(request_id.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") < self._sample * 2**64

    def write(self, record: Any) -> None:
        """Queue a record: anything that msgspec encodes to a JSON object, or a function that makes a list of such."""
        if self._queue.qsize() >= QUEUED:
            self.dropped += 1
            return
        self._queue.put(record)

    def close(self) -> None:
        """Write what is queued and close the file."""
        self._queue.put(None)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _run(self) -> None:
        encoder = msgspec.json.Encoder()
        while True:
            batch = [self._queue.get()]
            if batch[0] is not None and self._queue.qsize() < BATCHED:
                time.sleep(GATHERED_SECONDS)  # the request that wrote it is being answered, and may have the processor
            while len(batch) < BATCHED and not self._queue.empty():
                batch.append(self._queue.get())
            is_last = any(item is None for item in batch)
            try:
                self._append(encoder, [item for item in batch if item is not None])
            except (OSError, TypeError, ValueError, msgspec.EncodeError):
                self.dropped += len(batch)  # a full disk must not stop a server
            if is_last:
                if self._stream is not None:
                    self._stream.close()
                return

    def _append(self, encoder: msgspec.json.Encoder, items: list[Any]) -> None:
        lines: list[bytes] = []
        for item in items:
            lines += [encoder.encode(record) for record in (item() if callable(item) else (item,))]
        if not lines:
            return
        stream = self._open()
        content = b"\n".join(lines) + b"\n"
        stream.write(content)
        stream.flush()
        self._written += len(content)
        self.records += len(lines)

    def _open(self) -> BinaryIO:
        if self._stream is not None and self._written < self._rotate_bytes:
            return self._stream
        if self._stream is not None:
            self._stream.close()
        started = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
        self._stream = (self._folder / f"serving-{started}-{os.getpid()}.jsonl").open("ab")
        self._written = 0
        files = sorted(self._folder.glob("serving-*.jsonl"))
        for old in files[: max(0, len(files) - self._keep_files)]:
            old.unlink(missing_ok=True)
        return self._stream
