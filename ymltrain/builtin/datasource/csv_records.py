"""The content of a CSV file as UTF-8, cut into blocks of whole records, and its header.

A record ends at a line feed outside quotes, a carriage return before it belongs to it. The file is read block by
block into memory of our own: mapped into memory it would count as memory used, and a file cut short while it is read
would end the process without a word.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ymltrain.api import DataError
from ymltrain.builtin.datasource.encodings import not_text

BLOCK_BYTES = 3 << 20
LONGEST_RECORD = 64 << 20
NUMPY_COUNTS = BLOCK_BYTES // 4 * 3
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written, and its name. `quote` None means that quote signs are plain text."""

    path: str
    delimiter: str
    quote: str | None
    null_values: tuple[str, ...]
    encoding: str = "utf-8"
    compression: str = "none"
    decimal: str = "."
    thousands: str | None = None

    @property
    def has_plain_numbers(self) -> bool:
        """Whether numbers are written as programs write them, and nothing at all is a missing one."""
        return self.decimal == "." and self.thousands is None and "" in self.null_values

    def records(self, lines: Iterable[str]) -> Iterator[tuple[list[str], int]]:
        """Each record of some lines, and how many lines have been read with it. Slow and strict: raises csv.Error."""
        reader = csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=csv.QUOTE_NONE if self.quote is None else csv.QUOTE_MINIMAL,
            strict=True,
        )
        for record in reader:
            yield record, reader.line_num


@dataclass(frozen=True)
class Block:
    """Whole records, and the number (from 1) of their first line in the file."""

    content: bytes
    first_line: int


def read_blocks(read: Callable[[int], bytes], dialect: Dialect, size: int = BLOCK_BYTES) -> Iterator[Block]:
    """All records in order, about `size` bytes at a time. Raises DataError (YT704) for a quote that is never closed."""
    rest, line = _without_mark(read), 1
    while chunk := read(max(size, len(rest))):
        rest += chunk
        end = _end_of_records(rest, dialect.quote)
        if end:
            yield Block(rest[:end], line)
            line += _count(rest, b"\n", end)
            rest = rest[end:]
        elif len(rest) > LONGEST_RECORD:
            raise DataError(
                "YT704",
                f"{dialect.path}, line {line}: a record of more than {LONGEST_RECORD >> 20} MiB",
                "is a quote opened there that is never closed? If quote signs are plain text in this file, write `quote: null`",
            )
    if rest:
        yield Block(rest, line)


def _without_mark(read: Callable[[int], bytes]) -> bytes:
    start = b""
    while len(start) < len(BYTE_ORDER_MARK) and (chunk := read(len(BYTE_ORDER_MARK))):
        start += chunk
    return start.removeprefix(BYTE_ORDER_MARK)


def split_header(block: Block, dialect: Dialect) -> tuple[list[str], Block]:
    """The column names of the first block's first record, and the block without it.

    Raises DataError: YT701 for a file without a header, YT702 for a header that names a column twice,
    YT703 for one that is not UTF-8, YT704 for one that is not CSV.
    """
    content = block.content.lstrip(b"\r\n")
    line = block.first_line + block.content.count(b"\n", 0, len(block.content) - len(content))
    if not content:
        raise no_header(dialect)
    end = _end_of_first_record(content, dialect.quote)
    try:
        names, _ = next(dialect.records([content[:end].decode("utf-8")]))
    except UnicodeDecodeError:
        raise not_utf8(dialect, line, content) from None
    except csv.Error as error:
        raise DataError("YT704", f"{dialect.path}, line {line}: the header cannot be read: {error}", READABLE) from None
    for position, name in enumerate(names):
        if name in names[:position]:
            raise DataError(
                "YT702",
                f'{dialect.path}: columns {names.index(name) + 1} and {position + 1} are both called "{name}"',
                "give every column its own name in the first line",
            )
    return names, Block(content[end:], line + content.count(b"\n", 0, end))


READABLE = "the first line names the columns; lines end with a line feed; quotes in a quoted value are doubled"


def no_header(dialect: Dialect) -> DataError:
    """The error for a file that holds nothing."""
    return DataError("YT701", f"{dialect.path} is empty", "a CSV file begins with a line that names its columns")


def not_utf8(dialect: Dialect, line: int, start: bytes = b"") -> DataError:
    """The error for bytes that are not UTF-8; `start` are those that the file begins with, if known."""
    return not_text(dialect.path, line, dialect.encoding, start)


def _end_of_records(content: bytes, quote: str | None) -> int:
    """The position after the last line feed outside quotes: one that has an even number of quote signs before it."""
    line_feed = content.rfind(b"\n")
    if quote is None:
        return line_feed + 1
    sign = quote.encode()
    is_odd = _count(content, sign, line_feed + 1) % 2
    while is_odd:
        opening = content.rfind(sign, 0, line_feed)
        line_feed = content.rfind(b"\n", 0, opening)
        is_odd ^= 1 ^ content.count(sign, line_feed + 1, opening) % 2
    return line_feed + 1


def _count(content: bytes, sign: bytes, end: int) -> int:
    """How often a sign of one byte stands before `end`."""
    if end < NUMPY_COUNTS:
        return content.count(sign, 0, end)
    import numpy as np  # four times as fast where a sign stands often, and `check` has none

    return int(np.count_nonzero(np.frombuffer(content, np.uint8, end) == sign[0]))


def _end_of_first_record(content: bytes, quote: str | None) -> int:
    """The position after the first line feed outside quotes, or the end."""
    end, is_odd = 0, 0
    while True:
        line_feed = content.find(b"\n", end)
        if line_feed < 0:
            return len(content)
        if quote is not None:
            is_odd ^= content.count(quote.encode(), end, line_feed) % 2
        end = line_feed + 1
        if not is_odd:
            return end
