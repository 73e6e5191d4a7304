"""The file of the index: summaries of runs in SQLite, each with the time its run's directory had when it was read.

What is long in a summary lies in columns of its own and is decoded when someone looks at it, so a filter over ten
thousand runs pays for what it compares and no more. A file that cannot be read is as none, one that cannot be written
costs time and nothing else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgspec

VERSION = 2
APART = ("metrics", "params", "aggregates")
"""Parts of a summary that have a column each."""
SCHEMA = "CREATE TABLE IF NOT EXISTS runs (path PRIMARY KEY, stamp, own, metrics, params, aggregates)"
PAGE_BYTES = 32_768
"""Room for several summaries: what does not fit a page is read piece by piece."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class IndexedSummary(Mapping[str, Any]):
    """A summary as it lies in the index; a part that lies apart is decoded when it is first asked for."""

    __slots__ = ("_apart", "_own")

    def __init__(self, own: dict[str, Any], apart: Sequence[bytes]) -> None:
        self._own = own
        self._apart = apart

    def __getitem__(self, key: str) -> Any:
        own = self._own
        if key not in own and key in APART:
            own[key] = _decode(self._apart[APART.index(key)])
        return own[key]

    def whole(self) -> dict[str, Any]:
        """All of it, as `dict` gives it and in a third of the time."""
        return {**dict(zip(APART, map(_decode, self._apart), strict=True)), **self._own}

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._own, *APART)))

    def __len__(self) -> int:
        return len(self._own.keys() | set(APART))


def read_index(file: Path, folder: str) -> dict[str, tuple[int, IndexedSummary]]:
    """Of each run below `folder` that the index knows, by path: the time of its directory, and its summary."""
    if not file.is_file():
        return {}
    try:
        with closing(sqlite3.connect(file, timeout=1.0)) as database:
            if database.execute("PRAGMA user_version").fetchone()[0] == VERSION:
                rows = database.execute("SELECT path, stamp, own, metrics, params, aggregates FROM runs")
                return {path: (stamp, _summary(own, apart, f"{folder}/{path}")) for path, stamp, own, *apart in rows}
    except sqlite3.OperationalError:
        return {}
    except (sqlite3.DatabaseError, msgspec.DecodeError):
        pass
    file.unlink(missing_ok=True)
    return {}


def write_index(file: Path, fresh: Iterable[tuple[str, int, Mapping[str, Any]]], gone: Iterable[str]) -> None:
    """Take in summaries with their paths and times, and let go of paths."""
    rows = ((path, stamp, *_blobs(summary)) for path, stamp, summary in fresh)
    with suppress(OSError, sqlite3.Error):
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(file, timeout=1.0)) as database, database:
            database.execute("PRAGMA synchronous = OFF")
            database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            database.execute(SCHEMA)
            database.execute(f"PRAGMA user_version = {VERSION}")
            database.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?)", rows)
            database.executemany("DELETE FROM runs WHERE path = ?", ((path,) for path in gone))


def _summary(own: bytes, apart: Sequence[bytes], place: str) -> IndexedSummary:
    return IndexedSummary(_decode(own) | {"run_dir": place}, apart)  # the workspace may have been moved


def _blobs(summary: Mapping[str, Any]) -> Iterator[bytes]:
    """The columns `own` and APART."""
    yield msgspec.json.encode({key: value for key, value in summary.items() if key not in APART})
    for part in APART:
        yield msgspec.json.encode(summary[part])
