"""All runs of a workspace, quickly: a disposable index of their summaries in cache/runs.sqlite.

A run that has ended for good changes no more, but for labels and what is taken away: each of these changes the time of
its directory. So one stat a run tells whether its summary still holds. Unfinished runs are read anew each time. The
index is never the truth: where it is missing, damaged or locked, runs are read, and it is written again.
"""

from __future__ import annotations

import gc
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from ymltrain.record.aggregates import aggregate
from ymltrain.record.attempt import read_attempts
from ymltrain.record.directory import RunDirectory
from ymltrain.record.labels import read_labels
from ymltrain.record.points import read_history
from ymltrain.record.summary import summarize_or_tell
from ymltrain.record.ulid import is_ulid

VERSION = 1
ENDED = ("done", "failed")
SCHEMA = "CREATE TABLE IF NOT EXISTS runs (path TEXT PRIMARY KEY, stamp INTEGER NOT NULL, summary BLOB NOT NULL) WITHOUT ROWID"


def index_file(workspace: Path) -> Path:
    """Where the index of a workspace lies."""
    return workspace / "cache" / "runs.sqlite"


def list_runs(workspace: Path) -> list[dict[str, Any]]:
    """Every run of the workspace as `full_summary` has it, the newest first."""
    present = dict(_runs_present(workspace / "runs"))
    known = _read(index_file(workspace))
    summaries = _decoded(known, present)
    fresh: list[tuple[str, int, bytes]] = []
    for path, stamp in present.items():
        if path in summaries:
            continue
        summary = full_summary(_run_at(workspace, path))
        summaries[path] = summary
        if summary["status"] in ENDED:
            fresh.append((path, stamp, msgspec.json.encode(summary)))
    gone = [path for path in known if path not in present]
    if fresh or gone:
        _write(index_file(workspace), fresh, gone)
    folder = workspace / "runs"
    for path, summary in summaries.items():
        summary["run_dir"] = f"{folder}/{path}"  # the workspace may have been moved
    return sorted(summaries.values(), key=lambda summary: summary["run_id"], reverse=True)


def _decoded(known: Mapping[str, tuple[int, bytes]], present: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """The known summaries that still hold."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    with _no_collection():  # a hundred thousand new dicts, none of them garbage
        return {path: decode(entry[1]) for path, entry in known.items() if present.get(path) == entry[0]}


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


def full_summary(run: RunDirectory) -> dict[str, Any]:
    """What `summarize` says, and labels, digests and aggregates of the metrics."""
    attempts = read_attempts(run)
    summary = summarize_or_tell(run, attempts)
    labels = read_labels(run)
    history = read_history(run, attempts=attempts) if summary["status"] != "damaged" else None
    summary["tags"] = labels.tags
    summary["notes"] = [note.text for note in labels.notes]
    summary["archived"] = labels.is_archived
    summary["aggregates"] = msgspec.to_builtins(aggregate(history.points)) if history is not None else {}
    summary["damage"] = history.damage if history is not None else []
    return summary


def _runs_present(folder: Path) -> Iterator[tuple[str, int]]:
    """`<name>/<run id>` and the time of the directory, of each run there is."""
    for name in _folders(folder):
        for run in _folders(Path(name.path)):
            if is_ulid(run.name):
                with suppress(OSError):
                    yield f"{name.name}/{run.name}", run.stat().st_mtime_ns


def _folders(folder: Path) -> Sequence[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    except OSError:
        return []


def _run_at(workspace: Path, path: str) -> RunDirectory:
    name, _, run_id = path.partition("/")
    return RunDirectory(workspace / "runs" / name / run_id, name, run_id)


def _read(file: Path) -> dict[str, tuple[int, bytes]]:
    """What the index knows; nothing when it cannot be read or is of another version."""
    if not file.is_file():
        return {}
    try:
        with closing(sqlite3.connect(file, timeout=1.0)) as database:
            if database.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                file.unlink(missing_ok=True)
                return {}
            return {path: (stamp, summary) for path, stamp, summary in database.execute("SELECT path, stamp, summary FROM runs")}
    except sqlite3.OperationalError:
        return {}
    except sqlite3.DatabaseError:
        file.unlink(missing_ok=True)
        return {}


def _write(file: Path, fresh: Sequence[tuple[str, int, bytes]], gone: Sequence[str]) -> None:
    """Take in what is new. An index that cannot be written costs time and nothing else."""
    with suppress(OSError, sqlite3.Error):
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(file, timeout=1.0)) as database, database:
            database.execute("PRAGMA synchronous = OFF")
            database.execute(SCHEMA)
            database.execute(f"PRAGMA user_version = {VERSION}")
            database.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", fresh)
            database.executemany("DELETE FROM runs WHERE path = ?", [(path,) for path in gone])
