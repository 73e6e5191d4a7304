"""The journal of a study: one JSON event a line, appended by one process, and the only truth about the study.

An event that later ones build on is on disk before anything acts on it. A writer that is killed leaves at most a torn last
line, which the next one cuts off; a line that is damaged elsewhere is an error, never passed over.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ymltrain.diagnostics import RunError
from ymltrain.search.events import Placed, Reported, StudyEvent

UNFLUSHED = (Placed, Reported)
"""Events that a resumed study can do without: the trial they tell of is run again."""


class Journal:
    """The writing end. Hold the study's lock while it is open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._encoder = msgspec.json.Encoder()
        try:
            self._cut_torn_line()
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise self._fault(error) from error

    def append(self, event: StudyEvent) -> StudyEvent:
        """Write an event, stamped with the time, and flush it when it matters. Raises RunError when the disk refuses."""
        stamped = msgspec.structs.replace(event, time=round(time.time(), 3))
        line = self._encoder.encode(stamped) + b"\n"
        try:
            self._write(line)
            if not isinstance(event, UNFLUSHED):
                os.fsync(self._file)
        except OSError as error:
            raise self._fault(error) from error
        return stamped

    def _write(self, line: bytes) -> None:
        while line:  # a disk that is nearly full takes a part, and refuses the rest
            line = line[os.write(self._file, line) :]

    def close(self) -> None:
        """Nothing can be written afterwards."""
        os.close(self._file)

    def _cut_torn_line(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("r+b") as file:
            content = file.read()
            whole = content.rfind(b"\n") + 1
            if whole != len(content):
                file.truncate(whole)
                file.flush()
                os.fsync(file.fileno())

    def _fault(self, error: OSError) -> RunError:
        return RunError(
            "YT941",
            f"the journal {self._path} cannot be written: {error.strerror}",
            "make room or give write permission, then go on with `ymltrain tune --resume`; no finished trial is lost",
        )


def read_journal(path: Path) -> Iterator[StudyEvent]:
    """The events of a journal. A torn last line is left out; raises RunError where another line is no event."""
    decoder = msgspec.json.Decoder(StudyEvent)
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return
    for number, line in enumerate(lines, start=1):
        try:
            yield decoder.decode(line)
        except msgspec.DecodeError as error:
            raise RunError(
                "YT942",
                f"{path}:{number} is not an event of a study: {error}",
                "the journal was changed by something else; restore it from a copy, or start a new study",
            ) from None
