"""The log of a run: log.txt, one time-stamped line a message, secrets taken out."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime

from ymltrain.record.directory import RunDirectory
from ymltrain.record.faults import folder_fault
from ymltrain.record.redaction import Redactor


class RunLog:
    """Appends to the log. After its construction it never raises: a disk that refuses loses the line."""

    def __init__(self, run: RunDirectory, redactor: Redactor) -> None:
        """Open the file. Raises UsageError or RunError when it cannot be written."""
        self._redactor = redactor
        try:
            self._file = os.open(run.log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise folder_fault(run.path, error) from error

    def write(self, message: str) -> None:
        """Log a message; the further lines of a longer one are indented below its first."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        text = self._redactor.redact(message).replace("\n", "\n    ")
        with suppress(OSError):
            os.write(self._file, f"{now} {text}\n".encode(errors="backslashreplace"))

    def close(self) -> None:
        """Close the file; a second call does nothing, and nothing can be written after."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
