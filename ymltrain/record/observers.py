"""Run events on their way to the record and to the trackers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ymltrain.kinds.contracts import Tracker
from ymltrain.plan.events import MetricsLogged, RunEvent
from ymltrain.record.metrics import MetricsWriter


class Observers:
    """Hands each event to the metrics record first, then to every tracker.

    A tracker that raises is named once to `warn` and hears nothing more; the run goes on.
    """

    def __init__(self, writer: MetricsWriter, trackers: Mapping[str, Tracker], warn: Callable[[str], None]) -> None:
        self._writer = writer
        self._trackers = dict(trackers)
        self._warn = warn

    def start(self, run_id: str, name: str, run_dir: Path, params: Mapping[str, Any]) -> None:
        """Begin, before the first event."""
        self._tell(lambda tracker: tracker.start(run_id, name, run_dir, params))

    def emit(self, event: RunEvent) -> None:
        """Something happened."""
        if isinstance(event, MetricsLogged):
            self._writer.append(event)
        self._tell(lambda tracker: tracker.observe(event))

    def finish(self, status: str) -> None:
        """End, however the run ended; a second call does nothing."""
        self._tell(lambda tracker: tracker.finish(status))
        self._trackers.clear()
        self._writer.close()

    def _tell(self, what: Callable[[Tracker], None]) -> None:
        for name, tracker in list(self._trackers.items()):
            try:
                what(tracker)
            except Exception as error:  # noqa: BLE001 - a stranger's code may raise anything, and must not stop the run
                del self._trackers[name]
                self._warn(f"tracker {name} is switched off: {type(error).__name__}: {error}")
