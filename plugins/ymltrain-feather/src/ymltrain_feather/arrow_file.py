"""An Arrow IPC file slice by slice, and what to say about a file that is none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from polars import selectors
from ymltrain.api import DataError

MAGIC = b"ARROW1"
OTHER_FORMATS = {
    b"FEA1": ("a Feather V1 file", "write it again with a current pyarrow, pandas or polars, which write V2"),
    b"\xff\xff\xff\xff": ("an Arrow stream, not a file", 'convert it: polars.read_ipc_stream(PATH).write_ipc("new.feather")'),
    b"PAR1": ("a Parquet file", "name it with `type: parquet`"),
}
"""What else comes under the name of Arrow or Feather, by the first four bytes."""


def read_schema(path: str) -> pl.Schema:
    """Names and types of all columns, from the footer."""
    with _reading(path):
        return _scan(path).collect_schema()


def count_rows(path: str) -> int:
    """The number of rows, without reading any."""
    with _reading(path):
        return int(_scan(path).select(pl.len()).collect().item())


def read_slice(path: str, columns: Sequence[str], start: int, count: int) -> pl.DataFrame:
    """At most `count` rows from row `start` (counted from 0) on, with these columns in this order."""
    with _reading(path):
        return _scan(path).select(selectors.by_name(*columns)).slice(start, count).collect().select(selectors.by_name(*columns))


def digest(path: str) -> str:
    """`sha256:…` of the file's bytes."""
    with _reading(path), Path(path).open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def _scan(path: str) -> pl.LazyFrame:
    return pl.scan_ipc(path, glob=False, hive_partitioning=False)


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Turns what can go wrong with the file into a DataError that names it."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(len(MAGIC))
        if start != MAGIC:
            found, hint = OTHER_FORMATS.get(start[:4], ("no Feather file", "write the file again, or mend `type`"))
            raise DataError("YT709", f"{path} is {found}", hint)
        yield
    except FileNotFoundError:
        raise DataError("YT700", f"there is no file {path}", "a path is relative to the file that writes it") from None
    except OSError as error:
        raise DataError("YT700", f"cannot read {path}: {error.strerror or error}", "check the file and its permissions") from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        detail = (str(error).splitlines() or [""])[0]
        raise DataError("YT709", f"{path} is not a sound Feather file: {detail}", "write the file again") from None
