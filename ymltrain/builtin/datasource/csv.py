"""Datasource `csv`: the rows of one CSV file, in file order.

The first line names the columns; they may be called anything, but each name once. A column that a recipe calls
`category` is read exactly as written (007 stays 007), a `number` as float64. Blank lines are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from msgspec import Meta

from ymltrain.api import ArrowSchema, ArrowStream, ColumnType, DataPath, Params, Sample, plugin
from ymltrain.builtin.datasource.csv_records import Dialect
from ymltrain.builtin.datasource.files import check_columns, fingerprint

OneSign = Meta(pattern=r"^[\t -~]$")


class CsvParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: csv`."""

    path: DataPath
    delimiter: Annotated[str, OneSign, Meta(description="The sign between two values: one ASCII character.")] = ","
    quote: (
        Annotated[str, OneSign, Meta(description="The sign around quoted values; null when quote signs are plain text.")] | None
    ) = '"'
    null_values: Annotated[
        tuple[str, ...],
        Meta(description='Texts that mean a missing value, quoted or not; by default "" (an empty value), NA, NaN and null.'),
    ] = ("", "NA", "NaN", "null")
    encoding: Annotated[Literal["utf8"], Meta(description="The file's text encoding.")] = "utf8"

    def __post_init__(self) -> None:
        if self.delimiter == self.quote:
            raise ValueError("`delimiter` and `quote` are the same sign")


@plugin("datasource", "csv", params=CsvParams)
class CsvSource:
    """Reads the file in blocks of about a MiB."""

    def __init__(self, params: CsvParams) -> None:
        self._dialect = Dialect(params.path, params.delimiter, params.quote, params.null_values)

    def schema(self) -> ArrowSchema:
        from ymltrain.builtin.datasource.csv_head import read_head

        return read_head(self._dialect, 0, counted_bytes=0).table.schema  # type: ignore[no-any-return] # a table may be any Arrow object

    def sample(self, n: int) -> Sample:
        from ymltrain.builtin.datasource.csv_head import read_head

        return read_head(self._dialect, n)

    def fingerprint(self) -> str:
        return fingerprint(self._dialect.path)

    def batches(self, columns: Mapping[str, ColumnType]) -> Iterator[ArrowStream]:
        import polars as pl

        from ymltrain.builtin.datasource.csv_numbers import read_numbers
        from ymltrain.builtin.datasource.csv_text import read_text

        for rows in read_text(self._dialect):
            check_columns(self._dialect.path, columns, rows.frame.columns)
            yield pl.DataFrame(
                {
                    name: read_numbers(rows, name, self._dialect) if column_type == "number" else rows.column(name)
                    for name, column_type in columns.items()
                }
            )
