"""What has become of a run, told from its directory: nothing is stored twice."""

from __future__ import annotations

from typing import Literal

from ymltrain.record.attempt import Attempt, read_attempts
from ymltrain.record.directory import RunDirectory
from ymltrain.record.final import Final, read_final
from ymltrain.record.lock import is_locked

Status = Literal["created", "running", "done", "failed", "preempted", "interrupted", "crashed"]


def run_status(run: RunDirectory) -> Status:
    """`done` or `failed` for good; `running` while a process holds it; else how the last attempt ended.

    `crashed`: the process of the last attempt is gone and wrote no end (a kill, a power cut). `created`: nothing
    ever ran it. A run without final.json that is not running can be resumed, whatever this says.
    """
    final = read_final(run)
    return status_of(run, final, read_attempts(run) if final is None else [])


def status_of(run: RunDirectory, final: Final | None, attempts: list[Attempt]) -> Status:
    """The same, of what has been read already."""
    if final is not None:
        return final.status
    if is_running(run, attempts):
        return "running"
    if not attempts:
        return "created"
    return attempts[-1].outcome or "crashed"


def is_running(run: RunDirectory, attempts: list[Attempt]) -> bool:
    """Whether a living process executes the run; by its lock or, where there are no locks, by that process itself."""
    held = is_locked(run)
    if held is None:
        last = attempts[-1] if attempts else None
        return last is not None and last.outcome is None and last.process.is_alive() is True
    return held
