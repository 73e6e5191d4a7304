"""What a run's process printed: output.txt, whole lines of standard output and error, secrets taken out.

What Python code writes to sys.stdout and sys.stderr is kept; it still reaches the terminal. Colours and the frames of
a progress bar are left out.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from ymltrain.record.directory import RunDirectory
from ymltrain.record.redaction import Redactor

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
LONGEST_LINE = 64 << 10


@contextmanager
def output_kept(run: RunDirectory, redactor: Redactor) -> Iterator[None]:
    """Keep what is printed in the block. A folder that cannot be written costs this file and nothing else."""
    try:
        file = os.open(run.path / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
    except OSError:
        yield
        return
    before = sys.stdout, sys.stderr
    tees = [_Tee(stream, file, redactor) for stream in before]
    sys.stdout, sys.stderr = tees
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for tee in tees:
            tee.end()
        os.close(file)


class _Tee:
    """A text stream that also keeps whole lines."""

    def __init__(self, stream: TextIO, file: int, redactor: Redactor) -> None:
        self._stream = stream
        self._file = file
        self._redactor = redactor
        self._line = ""

    def write(self, text: str) -> int:
        *lines, rest = (self._line + text).split("\n")
        self._line = rest[-LONGEST_LINE:]
        for line in lines:
            self._keep(line)
        return self._stream.write(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def end(self) -> None:
        """Keep what was printed without an end of line."""
        if self._line:
            self._keep(self._line)
            self._line = ""

    def _keep(self, line: str) -> None:
        shown = CONTROL.sub("", line.rpartition("\r")[2])
        if shown.strip():
            with suppress(OSError):
                os.write(self._file, (self._redactor.redact(shown) + "\n").encode(errors="backslashreplace"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
