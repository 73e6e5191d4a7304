"""Taking runs away, and what finished ones no longer need. Nothing is taken from a run that a process holds."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ymltrain.diagnostics import UsageError
from ymltrain.record.directory import UNFINISHED_PREFIX, RunDirectory
from ymltrain.record.faults import folder_fault
from ymltrain.record.find import find_runs
from ymltrain.record.labels import read_labels
from ymltrain.record.status import run_status

DAY = 86_400.0


class Removable(msgspec.Struct, frozen=True, kw_only=True):
    """Something that `gc` takes away, and why it can go."""

    path: str
    why: str
    bytes: int


def remove_run(run: RunDirectory) -> None:
    """Take a run away as a whole: it is gone from lists at once. Raises UsageError YT845 when it is running."""
    if run_status(run) == "running":
        raise UsageError("YT845", f"run {run.run_id} is running", "stop it first, or wait until it ends")
    going = run.path.with_name(f".gone-{run.path.name}")
    try:
        run.path.rename(going)
        shutil.rmtree(going)
    except OSError as error:
        raise folder_fault(run.path.parent, error) from error


def find_garbage(workspace: Path, older_than_days: float) -> list[Removable]:
    """Checkpoints of runs that are done, half-made and half-removed directories; all of them older than so many days.

    Runs that were never finished keep their checkpoints: they can be resumed. Archived ones lose theirs at any age.
    """
    limit = time.time() - older_than_days * DAY
    return [
        Removable(path=str(path), why=why, bytes=_size(path))
        for path, why, is_old in _candidates(workspace, limit)
        if is_old and path.exists()
    ]


def remove_garbage(garbage: list[Removable]) -> None:
    """Take all of it away; what is gone already is passed over."""
    for found in garbage:
        path = Path(found.path)
        shutil.rmtree(path, ignore_errors=True)


def _candidates(workspace: Path, limit: float) -> Iterator[tuple[Path, str, bool]]:
    for run in find_runs(workspace):
        if run.final_file.exists() and run.checkpoints.is_dir():
            is_archived = read_labels(run).is_archived
            is_old = is_archived or run.final_file.stat().st_mtime < limit
            yield (
                run.checkpoints,
                "checkpoints of an archived run" if is_archived else "checkpoints of a run that has ended",
                is_old,
            )
    for pattern, why in (
        (f"*/{UNFINISHED_PREFIX}*", "a run that was never made whole"),
        ("*/.gone-*", "a run that was being removed"),
    ):
        for path in (workspace / "runs").glob(pattern):
            yield path, why, path.stat().st_mtime < time.time() - DAY


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
