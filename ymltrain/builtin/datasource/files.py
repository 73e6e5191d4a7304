"""What every source that reads one local file needs: opening it, its fingerprint, and the columns asked for.

YT700 the file is missing or cannot be read; YT705 a column that the table does not have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from ymltrain.api import DataError, did_you_mean


@contextmanager
def open_data(path: str) -> Iterator[BufferedReader]:
    """The file for reading; a fault of the file system while it is open becomes a DataError."""
    try:
        with Path(path).open("rb") as file:
            yield file
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: str, error: OSError) -> DataError:
    """The error for a file that is missing, not a file, or fails while it is read."""
    if "://" in path:
        return DataError("YT700", f"{path} is a URL, and this version reads local files", "copy the file here and name its path")
    if isinstance(error, FileNotFoundError):
        return DataError("YT700", f"there is no file {path}", _near_files(Path(path)))
    if isinstance(error, IsADirectoryError):
        return DataError("YT700", f"{path} is a folder", "name one file in it")
    return DataError("YT700", f"cannot read {path}: {error.strerror or error}", "check the file and its permissions")


def fingerprint(path: str) -> str:
    """`sha256:…` of the file's bytes, as `sha256sum` prints it."""
    with open_data(path) as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def check_columns(path: str, asked: Iterable[str], present: Sequence[str]) -> None:
    """Raise DataError for the first column asked for that the table does not have."""
    for column in asked:
        if column not in present:
            raise DataError("YT705", f'{path} has no column "{column}"', did_you_mean(column, present))


def _near_files(path: Path) -> str:
    if not path.parent.is_dir():
        return f"nor a folder {path.parent}; a path is relative to the file that writes it"
    names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    return did_you_mean(path.name, names) or f"the folder {path.parent} holds no file"
