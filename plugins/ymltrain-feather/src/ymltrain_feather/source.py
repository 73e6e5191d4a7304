"""Datasource `feather`: the rows of one Feather (Arrow IPC) file, in file order.

The file's own column types hold. Rows are read in slices, so memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ymltrain.api import ArrowSchema, ArrowStream, ColumnType, DataError, DataPath, Params, Sample, did_you_mean, plugin

SLICE_ROWS = 131_072


class FeatherParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: feather`."""

    path: DataPath


@plugin("datasource", "feather", params=FeatherParams)
class FeatherSource:
    """Reads the footer for schema and row count, and only the columns asked for."""

    def __init__(self, params: FeatherParams) -> None:
        self._path = params.path

    def schema(self) -> ArrowSchema:
        from ymltrain_feather.arrow_file import read_schema

        return read_schema(self._path)

    def sample(self, n: int) -> Sample:
        from ymltrain_feather.arrow_file import count_rows, read_schema, read_slice

        table = read_slice(self._path, list(read_schema(self._path)), 0, n)
        return Sample(table=table, total_rows=count_rows(self._path), is_exact=True)

    def fingerprint(self) -> str:
        from ymltrain_feather.arrow_file import digest

        return digest(self._path)

    def batches(self, columns: Mapping[str, ColumnType]) -> Iterator[ArrowStream]:
        from ymltrain_feather.arrow_file import count_rows, read_schema, read_slice

        present = list(read_schema(self._path))
        for column in columns:
            if column not in present:
                raise DataError("YT705", f'{self._path} has no column "{column}"', did_you_mean(column, present))
        for start in range(0, count_rows(self._path), SLICE_ROWS):
            yield read_slice(self._path, list(columns), start, SLICE_ROWS)
