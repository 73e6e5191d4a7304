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
from zlib import crc32

import msgspec

VERSION = 3
AT_HAND = ("run_id", "name", "archived", "run_dir")
"""What nearly every list asks of each run; the place is not kept, since the workspace may have been moved."""
APART = ("metrics", "params", "aggregates")
"""Parts of a summary that have a column each."""
SCHEMA = "CREATE TABLE IF NOT EXISTS runs (path PRIMARY KEY, stamp, archived, crc, own, metrics, params, aggregates)"
PAGE_BYTES = 32_768
"""Room for several summaries: what does not fit a page is read piece by piece."""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class IndexedSummary(Mapping[str, Any]):
    """A summary as it lies in the index; a part is decoded when it is first asked for."""

    __slots__ = ("_known", "_parts")

    def __init__(self, known: dict[str, Any], parts: Sequence[bytes]) -> None:
        """`known` is what is at hand, `parts` are the columns `own` and APART."""
        self._known = known
        self._parts = parts

    def __getitem__(self, key: str) -> Any:
        known = self._known
        if key not in known:
            if key in APART:
                known[key] = _decode(self._parts[1 + APART.index(key)])
            else:
                known |= _decode(self._parts[0])
        return known[key]

    def whole(self) -> dict[str, Any]:
        """All of it, as `dict` gives it and in a third of the time."""
        own, *apart = map(_decode, self._parts)
        return {**dict(zip(APART, apart, strict=True)), **own, **self._known}

    def __iter__(self) -> Iterator[str]:
        return iter(self.whole())

    def __len__(self) -> int:
        return len(self.whole())


def read_index(file: Path, folder: str) -> dict[str, tuple[int, IndexedSummary]]:
    """Of each run below `folder` that the index knows, by path: the time of its directory, and its summary."""
    if not file.is_file():
        return {}
    try:
        with closing(sqlite3.connect(file, timeout=1.0)) as database:
            if database.execute("PRAGMA user_version").fetchone()[0] == VERSION:
                rows = database.execute("SELECT path, stamp, archived, crc, own, metrics, params, aggregates FROM runs")
                return {
                    path: (stamp, _summary(folder, path, archived, parts))
                    for path, stamp, archived, crc, *parts in rows
                    if crc == _checksum(archived, parts)
                }
    except sqlite3.OperationalError:
        return {}
    except (sqlite3.DatabaseError, TypeError):  # the second where a column holds something else
        pass
    file.unlink(missing_ok=True)
    return {}


def write_index(file: Path, fresh: Iterable[tuple[str, int, Mapping[str, Any]]], gone: Iterable[str]) -> None:
    """Take in summaries with their paths and times, and let go of paths."""
    rows = (_row(*run) for run in fresh)
    with suppress(OSError, sqlite3.Error):
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(file, timeout=1.0)) as database, database:
            database.execute("PRAGMA synchronous = OFF")
            database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            database.execute(SCHEMA)
            database.execute(f"PRAGMA user_version = {VERSION}")
            database.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            database.executemany("DELETE FROM runs WHERE path = ?", ((path,) for path in gone))


def _summary(folder: str, path: str, archived: int, parts: Sequence[bytes]) -> IndexedSummary:
    name, _, run_id = path.partition("/")
    return IndexedSummary({"run_id": run_id, "name": name, "archived": bool(archived), "run_dir": f"{folder}/{path}"}, parts)


def _row(path: str, stamp: int, summary: Mapping[str, Any]) -> tuple[Any, ...]:
    own = {key: value for key, value in summary.items() if key not in AT_HAND and key not in APART}
    parts = [msgspec.json.encode(part) for part in (own, *(summary[name] for name in APART))]
    return path, stamp, summary["archived"], _checksum(summary["archived"], parts), *parts


def _checksum(archived: int, parts: Sequence[bytes]) -> int:
    """SQLite would not notice a flipped bit, and parts are decoded late."""
    crc = int(archived)
    for part in parts:
        crc = crc32(part, crc)
    return crc
