"""A table in files of separated text, whatever separates: what the sources `csv` and `tsv` have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from msgspec import Meta

from ymltrain.api import ArrowSchema, ArrowStream, ColumnType, Sample
from ymltrain.builtin.datasource.compression import Compression
from ymltrain.builtin.datasource.csv_records import Dialect
from ymltrain.builtin.datasource.encodings import Encoding
from ymltrain.builtin.datasource.files import FilesParams, check_columns, fingerprint
from ymltrain.builtin.datasource.location import Location

PARSERS = 2
"""Blocks parsed at once."""
OneSign = Meta(pattern=r"^[\t -~]$")


class SeparatedParams(FilesParams, frozen=True, kw_only=True):
    """What a recipe may write beside the `type`, but for the separator."""

    quote: (
        Annotated[str, OneSign, Meta(description="The sign around quoted values; null when quote signs are plain text.")] | None
    ) = '"'
    null_values: Annotated[
        tuple[str, ...],
        Meta(description='Texts that mean a missing value, quoted or not; by default "" (an empty value), NA, NaN and null.'),
    ] = ("", "NA", "NaN", "null")
    decimal: Annotated[str, Meta(pattern=r"^[.,]$", description="The decimal sign of numbers: a point or a comma.")] = "."
    thousands: (
        Annotated[
            str,
            Meta(
                pattern=r"^[^0-9eE+-]$",
                description="The sign between groups of three digits of a number, such as a comma, a point, a space or '; "
                "null when there is none.",
            ),
        ]
        | None
    ) = None
    encoding: Encoding = "utf-8"
    compression: Compression = "auto"

    def __post_init__(self) -> None:
        if self.decimal == self.thousands:
            raise ValueError("`decimal` and `thousands` are the same sign")


class SeparatedTable:
    """Reads the files in blocks of about three MiB."""

    def __init__(self, params: SeparatedParams, delimiter: str, suffix: str) -> None:
        self._location = Location(params.path, (suffix,), params.storage)
        self._dialect = Dialect(
            path=params.path,
            delimiter=delimiter,
            quote=params.quote,
            null_values=params.null_values,
            encoding=params.encoding,
            compression=params.compression,
            decimal=params.decimal,
            thousands=params.thousands,
        )

    def schema(self) -> ArrowSchema:
        from ymltrain.builtin.datasource.csv_head import read_head

        return read_head(self._location.files(), self._dialect, 0, counted_bytes=0).table.schema  # type: ignore[no-any-return] # a table may be any Arrow object

    def sample(self, n: int) -> Sample:
        from ymltrain.builtin.datasource.csv_head import read_head

        return read_head(self._location.files(), self._dialect, n)

    def fingerprint(self) -> str:
        return fingerprint(self._location.files(), self._dialect.compression)

    def batches(self, columns: Mapping[str, ColumnType]) -> Iterator[ArrowStream]:
        import polars as pl

        from ymltrain.builtin.datasource.csv_numbers import read_numbers
        from ymltrain.builtin.datasource.csv_text import read_text

        numbers = {name for name, column_type in columns.items() if column_type == "number"}
        for rows in read_text(self._location.files(), self._dialect, numbers=numbers, at_once=PARSERS):
            check_columns(rows.dialect.path, columns, rows.frame.columns)
            yield pl.DataFrame({name: read_numbers(rows, name) if name in numbers else rows.column(name) for name in columns})
