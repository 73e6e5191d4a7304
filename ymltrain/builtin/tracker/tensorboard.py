"""Tracker `tensorboard`: metrics, histograms, graph, pictures and params as event files in the run's tb/, a view of its record.

Show them with `tensorboard --logdir runs`. Each event is on its way to the disk when `observe` returns, so a killed run
loses none. Each attempt marks the point from which it replaces what earlier ones logged. Histograms and the graph
are there when the recipe asks for them (`trainer.log_histograms_every_n_steps`, `trainer.log_graph`); pictures are the charts of
the evaluation, and those among the files that the run writes.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ymltrain.api import ArtifactWritten, GraphDrawn, HistogramsLogged, MetricsLogged, NoParams, RunEvent, plugin

EVENT_FILE = "events.out.tfevents"


@plugin("tracker", "tensorboard")
class TensorBoardTracker:
    """Writes TensorBoard's own record format, without its thread and without importing torch or TensorFlow."""

    def __init__(self, params: NoParams) -> None:  # noqa: ARG002 - the contract hands over params, here none
        self._has_begun = False
        self._records: Any = None
        self._step = 0

    def start(self, run_id: str, name: str, run_dir: Path, params: Mapping[str, Any]) -> None:  # noqa: ARG002 - a run's folder names it
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        from ymltrain.builtin.tracker.tensorboard_events import session_start

        folder = run_dir / "tb"
        folder.mkdir(exist_ok=True)
        # Readers take the files of a folder in the order of their names: the time in them has to tell two attempts apart.
        file = folder / f"{EVENT_FILE}.{time.time():.6f}.{socket.gethostname()}.{os.getpid()}"
        self._records = RecordWriter(file.open("xb"))
        self._write(Event(file_version="brain.Event:2"))
        self._write(session_start(run_id, params))

    def observe(self, event: RunEvent) -> None:
        from ymltrain.builtin.tracker.tensorboard_events import graph, histograms, images, scalars

        if isinstance(event, MetricsLogged):
            self._begin(event)
            self._step = event.step
            self._write(scalars(event))
        elif isinstance(event, HistogramsLogged):
            self._begin(event)
            self._write(histograms(event))
        elif isinstance(event, GraphDrawn):
            self._write(graph(event))
        elif isinstance(event, ArtifactWritten):
            for image in images(event.path, event.role, self._step):
                self._write(image)

    def finish(self, status: str) -> None:
        from ymltrain.builtin.tracker.tensorboard_events import session_end

        self._write(session_end(status))
        self._records.close()

    def _begin(self, event: MetricsLogged | HistogramsLogged) -> None:
        """Before its first values, an attempt says that those beyond them are to be forgotten.

        TensorBoard's server takes the first such mark of a run for its start, and only a second one for a resumption.
        """
        if not self._has_begun:
            from tensorboard.compat.proto.event_pb2 import Event, SessionLog

            self._has_begun = True
            self._write(Event(session_log=SessionLog(status=SessionLog.START), step=event.step, wall_time=event.time))

    def _write(self, event: Any) -> None:
        if not event.wall_time:
            event.wall_time = time.time()
        self._records.write(event.SerializeToString())
        self._records.flush()
