"""A Parquet file slice by slice. A streamed scan holds whole row groups, several at once; a slice reads its own pages.

YT700 the file is missing or cannot be read; YT709 it is no sound Parquet file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import polars as pl
from polars import selectors

from ymltrain.api import DataError
from ymltrain.builtin.datasource.files import open_data, unreadable


def read_schema(path: str) -> pl.Schema:
    """Names and types of all columns, from the footer."""
    with open_data(path), _sound(path):
        return _scan(path).collect_schema()


def count_rows(path: str) -> int:
    """The number of rows, from the footer."""
    with open_data(path), _sound(path):
        return int(_scan(path).select(pl.len()).collect().item())


def read_slice(path: str, columns: Sequence[str], start: int, count: int) -> pl.DataFrame:
    """At most `count` rows from row `start` (counted from 0) on, with these columns in this order."""
    with open_data(path), _sound(path):
        rows = _scan(path).select(selectors.by_name(*columns)).slice(start, count).collect()
        return pl.DataFrame({name: rows.get_column(name) for name in columns})


def _scan(path: str) -> pl.LazyFrame:
    return pl.scan_parquet(path, glob=False, hive_partitioning=False)


@contextmanager
def _sound(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unreadable(path, error) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        detail = (str(error).splitlines() or [""])[0]
        raise DataError("YT709", f"{path} is not a sound Parquet file: {detail}", "write the file again, or mend `type`") from None
