"""Datasource `jsonl`: the rows of one or more files of JSON lines, in the order of their paths.

Each line is one object, a row; blank lines are skipped. JSON's own types hold: numbers, booleans, text, lists. A key that
a row lacks, and null, are a missing value. The columns and their types are those of the first 10,000 rows; a value that
does not fit its column's type is an error, but where a column mixes kinds from the start it is text throughout. A number
that is written as text ("12.5") is a number where the recipe says so. A text that is one of `null_values` is a missing value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from msgspec import Meta

from ymltrain.api import ArrowSchema, ArrowStream, ColumnType, Sample, plugin
from ymltrain.builtin.datasource.compression import Compression
from ymltrain.builtin.datasource.files import FilesParams, check_columns, fingerprint
from ymltrain.builtin.datasource.location import Location


class JsonlParams(FilesParams, frozen=True, kw_only=True):
    """What a recipe may write beside `type: jsonl`."""

    null_values: Annotated[
        tuple[str, ...],
        Meta(description='Texts that mean a missing value beside null, such as "NA" and ""; not looked for within lists.'),
    ] = ()
    compression: Compression = "auto"


@plugin("datasource", "jsonl", params=JsonlParams)
class JsonlSource:
    """Reads the files in blocks of about a MiB, and only the columns asked for."""

    def __init__(self, params: JsonlParams) -> None:
        self._location = Location(params.path, (".jsonl", ".ndjson"), params.storage)
        self._compression = params.compression
        self._null_values = frozenset(params.null_values)

    def schema(self) -> ArrowSchema:
        from ymltrain.builtin.datasource.jsonl_head import read_head

        return read_head(self._location.files(), self._compression, self._null_values, 0, counted_bytes=0).table.schema  # type: ignore[no-any-return] # a table may be any Arrow object

    def sample(self, n: int) -> Sample:
        from ymltrain.builtin.datasource.jsonl_head import read_head

        return read_head(self._location.files(), self._compression, self._null_values, n)

    def fingerprint(self) -> str:
        return fingerprint(self._location.files(), self._compression)

    def batches(self, columns: Mapping[str, ColumnType]) -> Iterator[ArrowStream]:
        import polars as pl

        from ymltrain.builtin.datasource.jsonl_rows import read_objects, read_typed

        files = self._location.files()
        found = pl.Schema(self.schema())
        check_columns(files[0].name, columns, list(found))
        for lines in read_objects(files, self._compression):
            yield read_typed(lines, columns, found, self._null_values)
