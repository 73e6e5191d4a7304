"""Parquet files slice by slice. A streamed scan holds whole row groups, several at once; a slice reads its own pages.

YT700 a file is missing or cannot be read; YT709 it is no sound Parquet file; YT742 files of one table differ in a column.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars import selectors

from ymltrain.api import DataError, Sample
from ymltrain.builtin.datasource.csv_text import check_same_columns
from ymltrain.builtin.datasource.location import DataFile, unreadable


@dataclass(frozen=True)
class ParquetTable:
    """One open file: its name, where it lies here, and what its footer says."""

    name: str
    path: str
    schema: pl.Schema
    rows: int

    def read(self, columns: Sequence[str], start: int, count: int) -> pl.DataFrame:
        """At most `count` rows from row `start` (counted from 0) on, with these columns in this order."""
        with _sound(self.name):
            rows = _scan(self.path).select(selectors.by_name(*columns)).slice(start, count).collect()
            return pl.DataFrame({name: rows.get_column(name) for name in columns})


@contextmanager
def open_parquet(file: DataFile) -> Iterator[ParquetTable]:
    """The file for reading, copied here for as long if it is elsewhere. Raises DataError."""
    with _local_path(file) as path, _sound(file.name):
        scan = _scan(path)
        yield ParquetTable(file.name, path, scan.collect_schema(), int(scan.select(pl.len()).collect().item()))


def read_head(files: Sequence[DataFile], rows: int) -> Sample:
    """The first rows; their number in all is counted here, and estimated by size where further files are elsewhere."""
    frames: list[pl.DataFrame] = []
    first: ParquetTable | None = None
    counted = counted_bytes = 0
    for file in files:
        if first is not None and file.remote is not None and counted >= rows:
            total = sum(other.size or 0 for other in files)
            return Sample(table=pl.concat(frames), total_rows=round(counted * total / max(counted_bytes, 1)), is_exact=False)
        with open_parquet(file) as table:
            first = first or table
            check_same_types(table, first)
            frames.append(table.read(list(first.schema), 0, max(rows - counted, 0)))
            counted += table.rows
            counted_bytes += file.size or 0
    return Sample(table=pl.concat(frames), total_rows=counted, is_exact=True)


def check_same_types(table: ParquetTable, first: ParquetTable) -> None:
    """Raise DataError (YT742) when a file has other columns than the first one, or a column of another type."""
    check_same_columns(table.name, list(table.schema), first.name, list(first.schema))
    for column, dtype in table.schema.items():
        if dtype != first.schema[column]:
            message = f'column "{column}" holds {dtype} in {table.name} and {first.schema[column]} in {first.name}'
            raise DataError("YT742", message, "write the files with one type for each column")


@contextmanager
def _local_path(file: DataFile) -> Iterator[str]:
    with file.open() as raw:  # also where it lies here, so that what is missing is named alike
        if file.remote is None:
            yield file.name
            return
        with tempfile.TemporaryDirectory(prefix="ymltrain-") as folder:
            copy = Path(folder) / "rows.parquet"
            with copy.open("wb") as target:
                shutil.copyfileobj(raw, target, 1 << 20)
            yield str(copy)


def _scan(path: str) -> pl.LazyFrame:
    return pl.scan_parquet(path, glob=False, hive_partitioning=False)


@contextmanager
def _sound(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unreadable(name, error) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        detail = (str(error).splitlines() or [""])[0]
        raise DataError("YT709", f"{name} is not a sound Parquet file: {detail}", "write the file again, or mend `type`") from None
