"""Who runs a run: a process, named so that it can be told from a later one that got the same number."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import msgspec

PROC = Path("/proc")
BOOT_ID = PROC / "sys/kernel/random/boot_id"


class ProcessIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """A process of one boot of one host. `boot_id` and `start_ticks` are None where the system does not tell them."""

    pid: int
    host: str
    boot_id: str | None
    start_ticks: int | None

    @classmethod
    def current(cls) -> ProcessIdentity:
        """This process."""
        pid = os.getpid()
        return cls(pid=pid, host=socket.gethostname(), boot_id=_boot_id(), start_ticks=_start_ticks(pid))

    def is_alive(self) -> bool | None:
        """Whether the process still runs; None when that cannot be told from this host."""
        if self.host != socket.gethostname():
            return None
        if self.boot_id != _boot_id():
            return False
        if self.start_ticks is not None:
            return self.start_ticks == _start_ticks(self.pid)
        return _has_process(self.pid)


def _boot_id() -> str | None:
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return None


def _start_ticks(pid: int) -> int | None:
    """Field 22 of /proc/PID/stat (proc(5)); the name in field 2 may hold spaces and brackets. None for a zombie."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def _has_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
