"""A file of lines that only grows: what a killed writer or a full disk leaves of it is whole lines and one torn end."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

FULL = "no space left on device"
CANNOT_SYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)


class AppendFile:
    """Whole lines handed to the kernel, each call in one write."""

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises OSError."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        self._is_torn = not _ends_whole(self._file)

    def write(self, lines: bytes) -> None:
        """Append lines, the last one ended. Raises OSError when not all of them could be written.

        They are then beyond what a kill of this process can reach. After a line that was torn the next one begins anew.
        """
        if self._is_torn:
            lines = b"\n" + lines
        written = os.write(self._file, lines)
        self._is_torn = written < len(lines)
        if self._is_torn:
            raise OSError(errno.ENOSPC, FULL)

    def sync(self) -> None:
        """Make what was written outlive a power cut too; a no-op where the file is none that can. Raises OSError."""
        try:
            os.fsync(self._file)
        except OSError as error:
            if error.errno not in CANNOT_SYNC:
                raise

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file >= 0:
            with suppress(OSError):
                os.close(self._file)
            self._file = -1


def _ends_whole(file: int) -> bool:
    size = os.fstat(file).st_size
    return size == 0 or os.pread(file, 1, size - 1) == b"\n"
