"""What a run drew: drawings/<attempt>.jsonl, one run event a line, histograms and the graph of the network.

They are few and large, so each is handed to the kernel at once. A reader passes over lines that are not whole.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ymltrain.plan.events import Drawing, GraphDrawn, HistogramsLogged
from ymltrain.record.append_file import AppendFile
from ymltrain.record.attempt import read_attempts
from ymltrain.record.directory import RunDirectory


class DrawingsWriter:
    """Appends to what one attempt drew; its file is made with the first drawing. It never raises: the first loss is told."""

    def __init__(self, run: RunDirectory, attempt: int, warn: Callable[[str], None]) -> None:
        self._path = run.drawings / f"{attempt}.jsonl"
        self._warn = warn
        self._file: AppendFile | None = None
        self._has_warned = False

    def append(self, drawing: HistogramsLogged | GraphDrawn) -> None:
        """Keep a drawing."""
        try:
            if self._file is None:
                self._path.parent.mkdir(exist_ok=True)
                self._file = AppendFile(self._path)
            self._file.write(msgspec.json.encode(drawing) + b"\n")
        except OSError as error:
            if not self._has_warned:
                self._has_warned = True
                self._warn(f"drawings are being lost: cannot write {self._path}: {error.strerror}; training goes on")

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file is not None:
            self._file.close()


def read_drawings(run: RunDirectory) -> list[HistogramsLogged | GraphDrawn]:
    """The drawings that stand, in order: what earlier attempts drew beyond the step where a later one resumed does not."""
    decoder = msgspec.json.Decoder(Drawing)
    found: list[HistogramsLogged | GraphDrawn] = []
    for attempt in read_attempts(run):
        resumed = attempt.resumed_from
        found = [drawing for drawing in found if resumed is not None and drawing.step <= resumed.step]
        file = run.drawings / f"{attempt.number}.jsonl"
        if not file.is_file():
            continue
        for line in file.read_bytes().splitlines():
            try:
                found.append(decoder.decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
    return found
