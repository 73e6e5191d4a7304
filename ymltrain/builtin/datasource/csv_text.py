"""The values of a CSV file as text, block by block.

Written rules: a value is null when it is, quoted or not, exactly one of `null_values`; all else is kept as written,
spaces included; a blank line is a missing value in a table of one column and no row in a table of several.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from ymltrain.builtin.datasource.csv_faults import find_fault, unexplained
from ymltrain.builtin.datasource.csv_records import BLOCK_BYTES, Block, Dialect, no_header, read_blocks, split_header
from ymltrain.builtin.datasource.files import open_data


@dataclass(frozen=True)
class TextRows:
    """Rows as text, the bytes they were read from, and the number (from 1) of the first one in the table."""

    frame: pl.DataFrame
    block: Block
    first_row: int

    def column(self, name: str) -> pl.Series:
        """A column under a neutral name: polars takes some names (`*`, `^a$`) for patterns."""
        return self.frame.get_column(name).alias("values")


def read_text(dialect: Dialect, block_bytes: int = BLOCK_BYTES) -> Iterator[TextRows]:
    """All rows in order; at least one item, without rows when the table has none. Raises DataError (YT700 to YT704)."""
    row = 1
    names: list[str] = []
    with open_data(dialect.path) as file:
        for block in read_blocks(file, dialect, block_bytes):
            if not names:
                names, block = split_header(block, dialect)  # noqa: PLW2901  what is left of the first block
            rows = TextRows(_parse(block, names, row, dialect), block, row)
            row += rows.frame.height
            yield rows
    if not names:
        raise no_header(dialect)


def _parse(block: Block, names: list[str], first_row: int, dialect: Dialect) -> pl.DataFrame:
    """The block's rows.

    The parser fills up blank lines and short rows with nulls, without a word. Both leave the last value empty, so only
    a block that has such a value is looked at more closely.
    """
    try:
        frame = _parse_records(block.content, names, dialect)
        last = frame.to_series(frame.width - 1).alias("values")
        if not (last.null_count() or (last == "").any()):
            return frame
        content = _without_blank_lines(block.content, dialect) if frame.width > 1 else block.content
        if content is not block.content:
            frame = _parse_records(content, names, dialect)
    except pl.exceptions.PolarsError as error:
        fault = find_fault(block, len(names), first_row, dialect)
        raise fault or unexplained(block, first_row, dialect, error) from None
    if _count_delimiters(content, dialect) != (frame.width - 1) * frame.height:
        fault = find_fault(block, len(names), first_row, dialect)
        if fault is not None:
            raise fault
    return frame


def _parse_records(content: bytes, names: list[str], dialect: Dialect) -> pl.DataFrame:
    if not content:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    return pl.read_csv(
        content,
        has_header=False,
        schema=dict.fromkeys(names, pl.String),
        separator=dialect.delimiter,
        quote_char=dialect.quote,
        null_values=list(dialect.null_values),
        empty_string_is_null="" in dialect.null_values,
        missing_columns="insert",
    )


def _count_delimiters(content: bytes, dialect: Dialect) -> int:
    if dialect.quote is not None:
        content = re.sub(_quoted(dialect.quote), b"", content)
    return content.count(dialect.delimiter.encode())


def _without_blank_lines(content: bytes, dialect: Dialect) -> bytes:
    if not (content.startswith((b"\n", b"\r\n")) or b"\n\n" in content or b"\n\r\n" in content):
        return content
    if dialect.quote is None:
        return re.sub(rb"^\r?\n", b"", content, flags=re.MULTILINE)
    return re.sub(rb"(" + _quoted(dialect.quote) + rb")|^\r?\n", rb"\1", content, flags=re.MULTILINE)


def _quoted(quote: str) -> bytes:
    sign = re.escape(quote.encode())
    return sign + rb"[^" + sign + rb"]*" + sign
