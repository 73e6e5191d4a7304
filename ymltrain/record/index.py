"""All runs of a workspace, quickly: a disposable index of their summaries in cache/runs.sqlite.

A run that has ended for good changes no more, but for labels and what is taken away: each of these changes the time of
its directory. So one stat a run tells whether its summary still holds. Unfinished runs are read anew each time. The
index is never the truth: where it is missing, damaged or locked, runs are read, and it is written again.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ymltrain.record.attempt import read_attempts
from ymltrain.record.directory import RunDirectory
from ymltrain.record.index_file import IndexedSummary, read_index, write_index
from ymltrain.record.labels import read_labels
from ymltrain.record.points import read_history
from ymltrain.record.summary import summarize_or_tell
from ymltrain.record.ulid import is_ulid

ENDED = ("done", "failed")
STILL_NS = 1_000_000_000
"""A directory that changed less than so long ago may change again without its time telling, as clocks of file systems tick."""


def index_file(workspace: Path) -> Path:
    """Where the index of a workspace lies."""
    return workspace / "cache" / "runs.sqlite"


def list_runs(workspace: Path) -> list[Mapping[str, Any]]:
    """Every run of the workspace as `summarize` has it, and its labels; the newest first."""
    with _no_collection():  # tens of thousands of new objects, none of them garbage
        folder = f"{workspace}/runs"
        still = time.time_ns() - STILL_NS
        present = dict(_runs_present(folder))
        known = read_index(index_file(workspace), folder)
        found: dict[str, Mapping[str, Any]] = {path: run for path, (stamp, run) in known.items() if present.get(path) == stamp}
        fresh = {path: _listed(_run_at(workspace, path)) for path in present if path not in found}
        lasting = [(path, present[path], run) for path, run in fresh.items() if run["status"] in ENDED and present[path] < still]
        gone = [path for path in known if path not in present]
        if lasting or gone:
            write_index(index_file(workspace), lasting, gone)
        found |= fresh
        return [found[path] for path in sorted(found, key=lambda path: path.rpartition("/")[2], reverse=True)]


def whole_summaries(summaries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Summaries with all their parts, as JSON documents."""
    with _no_collection():
        return [summary.whole() if isinstance(summary, IndexedSummary) else dict(summary) for summary in summaries]


def full_summary(run: RunDirectory) -> dict[str, Any]:
    """What lists have of a run, and where its record is damaged."""
    attempts = read_attempts(run)
    history = read_history(run, attempts=attempts)
    summary = _labelled(run, summarize_or_tell(run, attempts, history))
    return {**summary, "damage": history.damage if summary["status"] != "damaged" else []}


def _listed(run: RunDirectory) -> dict[str, Any]:
    return _labelled(run, summarize_or_tell(run))


def _labelled(run: RunDirectory, summary: dict[str, Any]) -> dict[str, Any]:
    labels = read_labels(run)
    notes = [note.text for note in labels.notes]
    return {**summary, "tags": labels.tags, "notes": notes, "archived": labels.is_archived}


@contextmanager
def _no_collection() -> Iterator[None]:
    """The garbage collector does not run in the block."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _runs_present(folder: str) -> Iterator[tuple[str, int]]:
    """`<name>/<run id>` and the time of the directory, of each run there is."""
    for name in _folders(folder):
        for run in _folders(name.path):
            if is_ulid(run.name):
                try:
                    yield f"{name.name}/{run.name}", run.stat().st_mtime_ns
                except OSError:  # removed meanwhile
                    continue


def _folders(folder: str) -> Sequence[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    except OSError:
        return []


def _run_at(workspace: Path, path: str) -> RunDirectory:
    name, _, run_id = path.partition("/")
    return RunDirectory(workspace / "runs" / name / run_id, name, run_id)
