"""Tracker `tensorboard`: metrics and params as event files in the run's tb/, a view derived from its record.

Show them with `tensorboard --logdir runs`. Each metrics event is on its way to the disk when `observe` returns, so a
killed run loses none. An attempt that resumes marks the point from which it replaces what earlier ones logged.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ymltrain.api import MetricsLogged, NoParams, RunEvent, plugin

EVENT_FILE = "events.out.tfevents"


@plugin("tracker", "tensorboard")
class TensorBoardTracker:
    """Writes TensorBoard's own record format, without its thread and without importing torch or TensorFlow."""

    def __init__(self, params: NoParams) -> None:  # noqa: ARG002 - the contract hands over params, here none
        self._resumes = False
        self._records: Any = None

    def start(self, run_id: str, name: str, run_dir: Path, params: Mapping[str, Any]) -> None:  # noqa: ARG002 - a run's folder names it
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb
        from tensorboard.summary.writer.record_writer import RecordWriter

        folder = run_dir / "tb"
        folder.mkdir(exist_ok=True)
        self._resumes = any(folder.glob(f"{EVENT_FILE}*"))
        # Readers take the files of a folder in the order of their names: the time in them has to tell two attempts apart.
        file = folder / f"{EVENT_FILE}.{time.time():.6f}.{socket.gethostname()}.{os.getpid()}"
        self._records = RecordWriter(file.open("xb"))
        self._write(Event(file_version="brain.Event:2"))
        self._write(Event(summary=hparams_pb({key: _shown(value) for key, value in params.items()}, trial_id=run_id)))

    def observe(self, event: RunEvent) -> None:
        if not isinstance(event, MetricsLogged):
            return
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.compat.proto.summary_pb2 import Summary

        if self._resumes:
            self._resumes = False
            self._write(Event(session_log=SessionLog(status=SessionLog.START), step=event.step, wall_time=event.time))
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in event.values.items()]
        self._write(Event(summary=Summary(value=values), step=event.step, wall_time=event.time))

    def finish(self, status: str) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self._write(Event(summary=_session_end(status)))
        self._records.close()

    def _write(self, event: Any) -> None:
        if not event.wall_time:
            event.wall_time = time.time()
        self._records.write(event.SerializeToString())
        self._records.flush()


def _shown(value: Any) -> bool | float | str:
    """A param as TensorBoard's table takes it; it hides runs that have a null in it, and knows no lists."""
    return value if isinstance(value, bool | int | float | str) else json.dumps(value)


def _session_end(status: str) -> Any:
    """What tells TensorBoard's table of params how the run ended (its own function for this needs TensorFlow)."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams.api_pb2 import Status
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo

    shown = {"done": Status.STATUS_SUCCESS, "failed": Status.STATUS_FAILURE}.get(status, Status.STATUS_UNKNOWN)
    content = HParamsPluginData(session_end_info=SessionEndInfo(status=shown, end_time_secs=time.time()))
    about = metadata.create_summary_metadata(content)
    return Summary(value=[Summary.Value(tag=metadata.SESSION_END_INFO_TAG, metadata=about, tensor=metadata.NULL_TENSOR)])
