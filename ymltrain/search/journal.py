"""The journal of a study: one JSON event a line, appended by one process, and the only truth about the study.

What is appended is the operating system's at once, so that a killed writer loses nothing; `flush` brings it to the disk, before
the search waits for anything. A writer that is killed leaves at most a torn last
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
        self._is_unflushed = False
        try:
            self._cut_torn_line()
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise self._fault(error) from error

    def append(self, event: StudyEvent) -> StudyEvent:
        """Write an event, stamped with the time. Raises RunError when the disk refuses."""
        stamped = msgspec.structs.replace(event, time=round(time.time(), 3))
        line = self._encoder.encode(stamped) + b"\n"
        try:
            self._write(line)
        except OSError as error:
            raise self._fault(error) from error
        self._is_unflushed = self._is_unflushed or not isinstance(event, UNFLUSHED)
        return stamped

    def flush(self) -> None:
        """Make what was appended outlive a power cut, where it matters. Raises RunError when the disk refuses."""
        if not self._is_unflushed:
            return
        try:
            os.fsync(self._file)
        except OSError as error:
            raise self._fault(error) from error
        self._is_unflushed = False

    def _write(self, line: bytes) -> None:
        while line:  # a disk that is nearly full takes a part, and refuses the rest
            line = line[os.write(self._file, line) :]

    def close(self) -> None:
        """Flush; nothing can be written afterwards. Raises RunError when the disk refuses."""
        try:
            self.flush()
        finally:
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
