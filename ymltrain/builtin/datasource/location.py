"""Where a path leads: one file, the files of a folder, or those that a pattern fits, here or behind any fsspec URL.

Files come sorted by their whole path. A folder stands for the files right in it whose suffix is that of the source
(`a.csv`, `a.csv.gz`); names that begin with a dot or an underscore are marks, not data, unless a pattern asks for them.
A path that is itself the name of a file is that file, whatever signs it holds.

YT700 nothing there, or it cannot be read.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ymltrain.api import DataError, did_you_mean
from ymltrain.builtin.datasource.compression import plain_suffix
from ymltrain.builtin.datasource.urls import Remote, find_behind_url, is_mark, reachable

SOME = 3


@dataclass(frozen=True)
class DataFile:
    """One file: what a person is told it is called (no credentials in it), its stored bytes, where it is if not here."""

    name: str
    size: int | None
    remote: Remote | None = None

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The bytes as they are stored; a fault of the storage while they are read becomes a DataError (YT700)."""
        if self.remote is not None:
            with reachable(self.name, self.remote.storage), self.remote.open() as file:
                yield file
            return
        try:
            with Path(self.name).open("rb") as file:
                yield file
        except OSError as error:
            raise unreadable(self.name, error) from None


@dataclass(frozen=True)
class Location:
    """What a recipe says of where its files are. `suffixes` are those that a folder is searched for."""

    path: str
    suffixes: tuple[str, ...]
    storage: Mapping[str, Any] = field(default_factory=dict)

    def files(self) -> tuple[DataFile, ...]:
        """All files in order, at least one. Looked up anew at each call. Raises DataError."""
        if "://" in self.path:
            return tuple(DataFile(*found) for found in find_behind_url(self.path, self.storage, self._is_data))
        try:
            return tuple(DataFile(str(path), _size(path)) for path in self._local())
        except OSError as error:
            raise unreadable(self.path, error) from None

    def _local(self) -> Sequence[Path]:
        path = Path(self.path)
        if path.is_dir():
            inside = [entry for entry in path.iterdir() if entry.is_file()]
            found = sorted(entry for entry in inside if self._is_data(entry.name))
            if not found:
                raise nothing_in(self.path, self.suffixes, [entry.name for entry in inside])
            return found
        if path.exists() or not glob.has_magic(self.path):
            return [path]
        fitting = [Path(entry) for entry in glob.glob(self.path, recursive=True)]  # noqa: PTH207  takes absolute patterns
        found = sorted(entry for entry in fitting if entry.is_file() and not is_mark(entry.name, path.name))
        if not found:
            raise DataError(
                "YT700", f"no file fits {self.path}", "a pattern is relative to the file that writes it; ** goes into folders"
            )
        return found

    def _is_data(self, name: str) -> bool:
        return not is_mark(name) and plain_suffix(name) in self.suffixes


def unreadable(path: str, error: OSError) -> DataError:
    """The error for a local file that is missing, not a file, or fails while it is read."""
    if isinstance(error, FileNotFoundError):
        return DataError("YT700", f"there is no file {path}", _near_files(Path(path)))
    if isinstance(error, IsADirectoryError):
        return DataError("YT700", f"{path} is a folder", "name one file in it")
    return DataError("YT700", f"cannot read {path}: {error.strerror or error}", "check the file and its permissions")


def nothing_in(folder: str, suffixes: Sequence[str], names: Sequence[str]) -> DataError:
    """The error for a folder without a file of the source's kind."""
    others = f"; it holds {', '.join(sorted(names)[:SOME])}{' …' if len(names) > SOME else ''}" if names else ""
    return DataError(
        "YT700",
        f"the folder {folder} holds no {' or '.join(suffixes)} file{others}",
        "name a file, a pattern such as FOLDER/**/*.csv for files in folders within, or another `type`",
    )


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None  # opening it says what is wrong


def _near_files(path: Path) -> str:
    if not path.parent.is_dir():
        return f"nor a folder {path.parent}; a path is relative to the file that writes it"
    names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    return did_you_mean(path.name, names) or f"the folder {path.parent} holds no file"
