"""Tracker `csv`: every value of a run as a line of metrics.csv in its directory, for spreadsheets.

Columns: step, epoch, time (seconds since 1970), name, value. A run that resumes goes on in the same file; where a name
and step occur twice, the later line stands. The record itself is metrics/*.jsonl; this file can be made from it again.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ymltrain.api import MetricsLogged, NoParams, RunEvent, plugin

COLUMNS = ("step", "epoch", "time", "name", "value")


@plugin("tracker", "csv")
class CsvTracker:
    """Appends lines, flushed with each event."""

    def __init__(self, params: NoParams) -> None:  # noqa: ARG002 - the contract hands over params, here none
        self._file: Any = None
        self._writer: Any = None

    def start(self, run_id: str, name: str, run_dir: Path, params: Mapping[str, Any]) -> None:  # noqa: ARG002 - a run's folder names it
        self._file = (run_dir / "metrics.csv").open("a", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file, lineterminator="\n")
        if self._file.tell() == 0:
            self._writer.writerow(COLUMNS)

    def observe(self, event: RunEvent) -> None:
        if isinstance(event, MetricsLogged):
            self._writer.writerows((event.step, event.epoch, event.time, name, value) for name, value in event.values.items())
            self._file.flush()

    def finish(self, status: str) -> None:  # noqa: ARG002 - a table of values has no place for it
        self._file.close()
