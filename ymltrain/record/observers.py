"""Run events on their way to the record and to the trackers.

The record's writer takes events first. Each tracker has a thread of its own and a queue in front of it, so that one whose
server hangs holds up neither training nor the others.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from ymltrain.kinds.contracts import Tracker
from ymltrain.plan.events import GraphDrawn, HistogramsLogged, MetricsLogged, RunEvent
from ymltrain.record.drawings import DrawingsWriter
from ymltrain.record.metrics import MetricsWriter

LONGEST_QUEUE = 10_000
PATIENCE = 30.0

Told: TypeAlias = Callable[[Tracker], None]


class Observers:
    """Hands each event to the metrics record first, then to every tracker.

    A tracker that raises, falls `LONGEST_QUEUE` events behind, or has not taken the end of the run after `patience`
    seconds is named once to `warn` and hears nothing more; the run goes on. Its view can be made afterwards from the
    record.
    """

    def __init__(
        self,
        writer: MetricsWriter,
        trackers: Mapping[str, Tracker],
        warn: Callable[[str], None],
        patience: float = PATIENCE,
        *,
        drawings: DrawingsWriter | None = None,
    ) -> None:
        self._writer = writer
        self._drawings = drawings
        self._lanes = {name: _Lane(name, tracker, warn) for name, tracker in trackers.items()}
        self._patience = patience

    def start(self, run_id: str, name: str, run_dir: Path, params: Mapping[str, Any]) -> None:
        """Begin, before the first event."""
        self._tell(lambda tracker: tracker.start(run_id, name, run_dir, params))

    def emit(self, event: RunEvent) -> None:
        """Something happened."""
        if isinstance(event, MetricsLogged):
            self._writer.append(event)
        elif self._drawings is not None and isinstance(event, HistogramsLogged | GraphDrawn):
            self._drawings.append(event)
        self._tell(lambda tracker: tracker.observe(event))

    def settle(self) -> None:
        """Wait until the record holds all that has happened, whatever becomes of this process."""
        self._writer.flush()

    def finish(self, status: str) -> None:
        """End, however the run ended; a second call does nothing."""
        self._tell(lambda tracker: tracker.finish(status))
        for lane in self._lanes.values():
            lane.end(self._patience)
        self._lanes.clear()
        self._writer.close()
        if self._drawings is not None:
            self._drawings.close()

    def _tell(self, told: Told) -> None:
        for lane in self._lanes.values():
            lane.tell(told)


class _Lane:
    """One tracker, its queue and its thread."""

    def __init__(self, name: str, tracker: Tracker, warn: Callable[[str], None]) -> None:
        self._name = name
        self._tracker = tracker
        self._warn = warn
        self._queue: queue.Queue[Told | None] = queue.Queue(LONGEST_QUEUE)
        self._is_off = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"tracker {name}", daemon=True)
        self._thread.start()

    def tell(self, told: Told) -> None:
        """Pass something on, unless the tracker is off."""
        if self._is_off.is_set():
            return
        try:
            self._queue.put_nowait(told)
        except queue.Full:
            self._switch_off(f"it is {LONGEST_QUEUE:,} events behind")

    def end(self, patience: float) -> None:
        """Wait until everything was passed on, and no longer than `patience` seconds."""
        if self._is_off.is_set():
            return
        deadline = time.monotonic() + patience
        with suppress(queue.Full):
            self._queue.put(None, timeout=patience)
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            self._switch_off(f"it has not answered for {patience:g} s")

    def _work(self) -> None:
        while (told := self._queue.get()) is not None and not self._is_off.is_set():
            try:
                told(self._tracker)
            except BaseException as error:  # noqa: BLE001 - a stranger's code may raise anything, and must not stop the run
                self._switch_off(f"{type(error).__name__}: {error}")
                return

    def _switch_off(self, why: str) -> None:
        if not self._is_off.is_set():
            self._is_off.set()
            self._warn(f"tracker {self._name} is switched off: {why}; `ymltrain runs export` can give it the whole record later")
