"""One process at a time runs a run: an flock(2) on `lock`, which the kernel releases when its holder dies.

On a file system without locks (some parallel ones) nothing is held, and whether a run is being run is told from
the process its last attempt names.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ymltrain.diagnostics import UsageError
from ymltrain.record.directory import RunDirectory
from ymltrain.record.faults import folder_fault

PROBES_PASS_IN_SECONDS = 0.5
NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK, errno.EINVAL)


@contextmanager
def locked(run: RunDirectory) -> Iterator[None]:
    """Hold the run while the block lasts. Raises UsageError when another process holds it."""
    try:
        descriptor = os.open(run.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise folder_fault(run.path, error) from error
    try:
        if not _take(descriptor, patience=PROBES_PASS_IN_SECONDS):
            raise UsageError(
                "YT936",
                f"run {run.run_id} is being run by another process",
                f"wait until it ends, or stop it; {run.attempts} says which process and host it is",
            )
        yield
    finally:
        os.close(descriptor)


def is_locked(run: RunDirectory) -> bool | None:
    """Whether a living process holds the run; None when the file system cannot tell."""
    try:
        descriptor = os.open(run.lock_file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        return not _flock(descriptor, fcntl.LOCK_SH)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _take(descriptor: int, patience: float) -> bool:
    """Lock exclusively. `is_locked` holds its shared lock for microseconds, so a refusal is believed only when it lasts."""
    deadline = time.monotonic() + patience
    try:
        while not _flock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    return True


def _flock(descriptor: int, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
