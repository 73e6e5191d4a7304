"""What is wrong with a block of a CSV file, found by reading it record by record. Slow, and only taken when something is.

YT703 text that is not UTF-8; YT704 a record that cannot be read or has another number of values than the header.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

from ymltrain.api import DataError
from ymltrain.builtin.datasource.csv_records import READABLE, Block, Dialect, not_utf8


def find_fault(block: Block, columns: int, first_row: int, dialect: Dialect) -> DataError | None:
    """The first fault of a block whose first record is this data row, or None when every record is sound."""
    row, line = first_row, block.first_line
    try:
        for record, line in _records(block, columns, dialect):
            if len(record) != columns:
                return DataError(
                    "YT704",
                    f"{dialect.path}, row {row} (line {line}): {_count(len(record), 'value')}, but the header names {columns}",
                    "give every row one value per column; a value that holds the delimiter or a line break is quoted",
                )
            row += 1
    except UnicodeDecodeError as error:
        return not_utf8(dialect, block.first_line + block.content.count(b"\n", 0, error.start))
    except csv.Error as error:
        return DataError("YT704", f"{dialect.path}, row {row} (after line {line}): {error}", READABLE)
    return None


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def unexplained(block: Block, first_row: int, dialect: Dialect, detail: object) -> DataError:
    """The error for a block that cannot be parsed although its records look sound."""
    return DataError(
        "YT704",
        f"{dialect.path}, from row {first_row} (line {block.first_line}) on: {str(detail).splitlines()[0]}",
        "is there a quote sign inside a value that is not quoted? If quote signs are plain text here, write `quote: null`",
    )


def line_of(block: Block, columns: int, position: int, dialect: Dialect) -> int | None:
    """The line on which the block's record at this position (from 0) begins, or None when it cannot be told."""
    try:
        for number, (_, line) in enumerate(_records(block, columns, dialect)):
            if number == position:
                return line
    except (UnicodeDecodeError, csv.Error):
        pass
    return None


def _records(block: Block, columns: int, dialect: Dialect) -> Iterator[tuple[list[str], int]]:
    """Each record with the line on which it begins; blank lines are no records of a table of several columns."""
    lines = (line + "\n" for line in block.content.removesuffix(b"\n").decode("utf-8").split("\n"))
    line = block.first_line
    for record, read_lines in dialect.records(lines):
        if record or columns == 1:
            yield record or [""], line
        line = block.first_line + read_lines
