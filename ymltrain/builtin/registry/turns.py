"""Writers of one machine who wait for each other, so that none does work that another has overtaken.

Nothing depends on it: who cannot wait, or has waited for long, goes ahead.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

if sys.platform != "win32":
    import fcntl

LONGEST_WAIT = 1.0
"""Seconds after which the one before is taken for stopped; one that was killed holds nobody up."""
LOOK_EVERY = 0.0005


@contextmanager
def turn(folder: str) -> Iterator[None]:
    """Be the only one in a folder, of those who ask."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # there is no such folder yet, or it may not be opened
        yield
        return
    try:
        _wait(descriptor)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int) -> None:
    if sys.platform == "win32":
        return
    given_up = time.monotonic() + LONGEST_WAIT
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= given_up:
                return
            time.sleep(LOOK_EVERY)
        except OSError:  # a file system without locks, or one that locks no folders
            return
        else:
            return
