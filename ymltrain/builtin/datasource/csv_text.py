"""The values of a CSV file as text, block by block.

Written rules: a value is null when it is, quoted or not, exactly one of `null_values`; all else is kept as written,
spaces included; a blank line is a missing value in a table of one column and no row in a table of several.

Columns that are asked for as numbers are parsed as numbers at once where that gives what reading their text would.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeAlias

import polars as pl

from ymltrain.api import DataError
from ymltrain.builtin.datasource.csv_faults import find_fault, unexplained
from ymltrain.builtin.datasource.csv_records import BLOCK_BYTES, Block, Dialect, no_header, read_blocks, split_header
from ymltrain.builtin.datasource.encodings import Utf8Stream, is_utf8
from ymltrain.builtin.datasource.files import Stream, open_content
from ymltrain.builtin.datasource.location import DataFile

_TEXT, _NUMBER = pl.String, pl.Float64


@dataclass(frozen=True)
class _Piece:
    """Whole records of a file, its column names, and how many of its stored bytes were read to here."""

    block: Block
    names: list[str]
    stored: int


_Parsed: TypeAlias = tuple[pl.DataFrame | pl.exceptions.PolarsError, bool]
"""Rows and whether each surely has a value for each column; or why there are none."""


@dataclass(frozen=True)
class TextRows:
    """Rows as text, the content they were read from, and how the file is written.

    A column asked for as a number may be Float64 already: then every value was a number or missing. `first_row` is the
    number of the first row in its file, from 1; `stored` how many of the stored bytes of all files have been read to here.
    """

    frame: pl.DataFrame
    block: Block
    first_row: int
    dialect: Dialect
    stored: int

    def column(self, name: str) -> pl.Series:
        """A column under a neutral name: polars takes some names (`*`, `^a$`) for patterns."""
        return self.frame.get_column(name).alias("values")


def read_text(
    files: Sequence[DataFile],
    dialect: Dialect,
    block_bytes: int = BLOCK_BYTES,
    numbers: AbstractSet[str] = frozenset(),
    at_once: int = 1,
) -> Iterator[TextRows]:
    """All rows of all files in order; at least one item, without rows when there are none. `numbers` may come as numbers.

    So many blocks are parsed at once, in threads of their own when that is more than one: the parser leaves processors idle
    in one block. Raises DataError (YT700 to YT704, YT741, and YT742 where the files' columns differ).
    """
    names: list[str] = []
    stored = 0
    for file in files:
        own = replace(dialect, path=file.name)
        for rows in _read_file(file, own, block_bytes, numbers, at_once):
            if not names:
                names = rows.frame.columns
            elif rows.first_row == 1:
                check_same_columns(file.name, rows.frame.columns, files[0].name, names)
            yield replace(rows, stored=stored + rows.stored)
        stored += rows.stored


def _read_file(file: DataFile, dialect: Dialect, block_bytes: int, numbers: AbstractSet[str], at_once: int) -> Iterator[TextRows]:
    row = 1
    with open_content(file, dialect.compression) as stream:
        cut = _cut(stream, dialect, block_bytes)
        for piece, parsed in _parsed(cut, lambda piece: _parse(piece, dialect, numbers), at_once):
            frame = _without_fault(piece, parsed, row, dialect)
            yield TextRows(frame, piece.block, row, dialect, piece.stored)
            row += frame.height


def _cut(stream: Stream, dialect: Dialect, block_bytes: int) -> Iterator[_Piece]:
    """The records of a file, about so many bytes at a time. Raises DataError."""
    read = stream.read_content
    if not is_utf8(dialect.encoding):
        read = Utf8Stream(read, dialect.path, dialect.encoding).read
    names: list[str] = []
    for block in read_blocks(read, dialect, block_bytes):
        if not names:
            names, block = split_header(block, dialect)  # noqa: PLW2901  what is left of the first block
        yield _Piece(block, names, stream.stored)
    if not names:
        raise no_header(dialect)


def _parsed(pieces: Iterator[_Piece], parse: Callable[[_Piece], _Parsed], at_once: int) -> Iterator[tuple[_Piece, _Parsed]]:
    """Pieces in order, each with what the parser made of it. What is wrong with a later one waits for those before it."""
    if at_once == 1:
        yield from ((piece, parse(piece)) for piece in pieces)
        return
    coming: deque[tuple[_Piece, Future[_Parsed]]] = deque()
    fault: DataError | OSError | None = None
    with ThreadPoolExecutor(at_once, "parsing") as pool:
        while True:
            try:
                piece = next(pieces, None)
            except (DataError, OSError) as error:
                piece, fault = None, error
            if piece is None:
                break
            coming.append((piece, pool.submit(parse, piece)))
            if len(coming) > at_once:
                first, result = coming.popleft()
                yield first, result.result()
        while coming:
            first, result = coming.popleft()
            yield first, result.result()
    if fault is not None:
        raise fault


def check_same_columns(name: str, columns: Sequence[str], first_name: str, first_columns: Sequence[str]) -> None:
    """Raise DataError (YT742) when a file has other columns than the first one; their order may differ."""
    lacking = [column for column in first_columns if column not in columns]
    added = [column for column in columns if column not in first_columns]
    if lacking or added:
        problem = f'has no column "{lacking[0]}"' if lacking else f'has a column "{added[0]}"'
        other = "has one" if lacking else "has not"
        hint = "all files of one table have the same columns; name those that belong together by a pattern, or mend the file"
        raise DataError("YT742", f"{name} {problem}, and {first_name} {other}", hint)


def _parse(piece: _Piece, dialect: Dialect, numbers: AbstractSet[str]) -> _Parsed:
    """A piece's rows, as numbers where all is well, else as text; or the parser's error."""
    content, names = piece.block.content, piece.names
    if not numbers.isdisjoint(names) and dialect.has_plain_numbers:
        types = {name: _NUMBER if name in numbers else _TEXT for name in names}
        try:
            frame, is_sound = _parse_records(content, types, dialect)
            if is_sound:
                return frame, True
        except pl.exceptions.PolarsError:
            pass  # a value that is no number, or one with spaces around it
    try:
        return _parse_records(content, dict.fromkeys(names, _TEXT), dialect)
    except pl.exceptions.PolarsError as error:
        return error, False


def _without_fault(piece: _Piece, parsed: _Parsed, first_row: int, dialect: Dialect) -> pl.DataFrame:
    """The rows of a piece. Raises DataError for what is wrong with them, which is looked for in their text."""
    found, is_sound = parsed
    if not is_sound:
        fault = find_fault(piece.block, len(piece.names), first_row, dialect)
        if fault is not None:
            raise fault
    if isinstance(found, pl.exceptions.PolarsError):
        raise unexplained(piece.block, first_row, dialect, found) from None
    return found


def _parse_records(content: bytes, types: Mapping[str, type[pl.DataType]], dialect: Dialect) -> tuple[pl.DataFrame, bool]:
    """The rows, and whether each record surely has a value for each column.

    The parser fills up blank lines and short rows with nulls, without a word. Both leave the last value empty, so only
    content that has such a value is looked at more closely.
    """
    frame = _parse_content(content, types, dialect)
    last = frame.to_series(frame.width - 1).alias("values")
    if not (last.null_count() or (last.dtype == _TEXT and (last == "").any())):
        return frame, True
    dense = _without_blank_lines(content, dialect) if frame.width > 1 else content
    if dense is not content:
        frame = _parse_content(dense, types, dialect)
    return frame, _count_delimiters(dense, dialect) == (frame.width - 1) * frame.height


def _parse_content(content: bytes, types: Mapping[str, type[pl.DataType]], dialect: Dialect) -> pl.DataFrame:
    if not content:
        return pl.DataFrame(schema=types)
    return pl.read_csv(
        content,
        has_header=False,
        schema=types,
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
