"""Datasource `parquet`: the rows of one Parquet file, in file order.

The file's own column types hold. Rows are read in slices, so memory does not grow with the file or its row groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ymltrain.api import ArrowSchema, ArrowStream, ColumnType, DataPath, Params, Sample, plugin
from ymltrain.builtin.datasource.files import check_columns, fingerprint

SLICE_ROWS = 65_536


class ParquetParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: parquet`."""

    path: DataPath


@plugin("datasource", "parquet", params=ParquetParams)
class ParquetSource:
    """Reads the footer for schema and row count, and only the columns asked for."""

    def __init__(self, params: ParquetParams) -> None:
        self._path = params.path

    def schema(self) -> ArrowSchema:
        from ymltrain.builtin.datasource.parquet_slices import read_schema

        return read_schema(self._path)

    def sample(self, n: int) -> Sample:
        from ymltrain.builtin.datasource.parquet_slices import count_rows, read_schema, read_slice

        table = read_slice(self._path, list(read_schema(self._path)), 0, n)
        return Sample(table=table, total_rows=count_rows(self._path), is_exact=True)

    def fingerprint(self) -> str:
        return fingerprint(self._path)

    def batches(self, columns: Mapping[str, ColumnType]) -> Iterator[ArrowStream]:
        from ymltrain.builtin.datasource.parquet_slices import count_rows, read_schema, read_slice

        check_columns(self._path, columns, list(read_schema(self._path)))
        for start in range(0, count_rows(self._path), SLICE_ROWS):
            yield read_slice(self._path, list(columns), start, SLICE_ROWS)
