"""Datasource `parquet`: the rows of one or more Parquet files, in the order of their paths.

The files' own column types hold, and are the same in all files. Rows are read in slices, so memory does not grow with a
file or its row groups. A file behind a URL is copied to the machine's temporary folder while it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ymltrain.api import ArrowSchema, ArrowStream, ColumnType, Sample, plugin
from ymltrain.builtin.datasource.files import FilesParams, check_columns, fingerprint
from ymltrain.builtin.datasource.location import Location

SLICE_ROWS = 65_536


class ParquetParams(FilesParams, frozen=True, kw_only=True):
    """What a recipe may write beside `type: parquet`."""


@plugin("datasource", "parquet", params=ParquetParams)
class ParquetSource:
    """Reads the footers for schema and row counts, and only the columns asked for."""

    def __init__(self, params: ParquetParams) -> None:
        self._location = Location(params.path, (".parquet", ".pq"), params.storage)

    def schema(self) -> ArrowSchema:
        from ymltrain.builtin.datasource.parquet_slices import open_parquet

        with open_parquet(self._location.files()[0]) as table:
            return table.schema

    def sample(self, n: int) -> Sample:
        from ymltrain.builtin.datasource.parquet_slices import read_head

        return read_head(self._location.files(), n)

    def fingerprint(self) -> str:
        return fingerprint(self._location.files())

    def batches(self, columns: Mapping[str, ColumnType]) -> Iterator[ArrowStream]:
        from ymltrain.builtin.datasource.parquet_slices import check_same_types, open_parquet

        first = None
        for file in self._location.files():
            with open_parquet(file) as table:
                first = first or table
                check_columns(table.name, columns, list(table.schema))
                check_same_types(table, first)
                for start in range(0, table.rows, SLICE_ROWS):
                    yield table.read(list(columns), start, SLICE_ROWS)
