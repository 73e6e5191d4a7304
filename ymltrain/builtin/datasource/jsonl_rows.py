"""The lines of JSON files, block by block, and their values as the types that their columns have.

YT743 a line that is no JSON object; YT706 a value that does not fit its column.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import polars as pl

from ymltrain.api import ColumnType, DataError
from ymltrain.builtin.datasource.encodings import not_text
from ymltrain.builtin.datasource.files import open_content
from ymltrain.builtin.datasource.location import DataFile

BLOCK_BYTES = 1 << 20
LONGEST_LINE = 64 << 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Lines:
    """Whole lines of one file, the number of the first (from 1) in it and of their first row, and the stored bytes read so far."""

    content: bytes
    name: str
    first_line: int
    first_row: int
    stored: int

    def objects(self) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """Row, line and object, one by one: slow, and taken only to say what is wrong. Raises DataError."""
        row = self.first_row
        for number, line in enumerate(self.content.split(b"\n"), self.first_line):
            if not line.strip():
                continue
            yield row, number, _parse_line(line, self.name, row, number)
            row += 1


def read_objects(files: Sequence[DataFile], compression: str, block_bytes: int = BLOCK_BYTES) -> Iterator[Lines]:
    """All lines of all files in order, about `block_bytes` at a time. Raises DataError."""
    stored = 0
    for file in files:
        line = row = 1
        with open_content(file, compression) as stream:
            rest = stream.read_content(len(BYTE_ORDER_MARK)).removeprefix(BYTE_ORDER_MARK)
            while True:
                chunk = stream.read_content(max(block_bytes, len(rest)))
                rest += chunk
                end = rest.rfind(b"\n") + 1 if chunk else len(rest)
                if end:
                    block = Lines(rest[:end], file.name, line, row, stored + stream.stored)
                    yield block
                    line += block.content.count(b"\n")
                    row += _count_rows(block.content)
                    rest = rest[end:]
                elif len(rest) > LONGEST_LINE:
                    message = f"{file.name}, line {line}: a line of more than {LONGEST_LINE >> 20} MiB"
                    raise DataError("YT743", message, "JSON lines hold one object a line, not one document")
                if not chunk:
                    break
            stored += stream.stored


def read_typed(lines: Lines, columns: Mapping[str, ColumnType], found: pl.Schema, null_values: AbstractSet[str]) -> pl.DataFrame:
    """The named columns of these lines. `found` are the types of the file's columns by its first rows."""
    types = {name: _type_read(found[name], column_type) for name, column_type in columns.items()}
    try:
        frame = parse_without_nulls(lines.content, types, null_values)
    except pl.exceptions.PolarsError as error:
        raise _fault(lines, types, null_values, error) from None
    return pl.DataFrame(
        {
            name: _as_number(column, name, lines) if columns[name] == "number" and column.dtype == pl.String else column
            for name, column in ((name, frame.get_column(name).alias("values")) for name in columns)
        }
    )


def parse(content: bytes, types: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.DataFrame:
    """Lines as a frame with columns of these types. Raises PolarsError where a line is no JSON or a value does not fit."""
    if not content.strip():
        return pl.DataFrame(schema=dict(types))
    return pl.read_ndjson(content, schema=dict(types))


def parse_without_nulls(
    content: bytes, types: Mapping[str, pl.DataType | type[pl.DataType]], null_values: AbstractSet[str]
) -> pl.DataFrame:
    """The same with null for the texts that mean it. They fit no column but one of text, so only then lines are rewritten."""
    if not null_values:
        return parse(content, types)
    try:
        frame = parse(content, types)
    except pl.exceptions.PolarsError:
        try:
            rows = [without_nulls(json.loads(line), null_values) for line in content.split(b"\n") if line.strip()]
        except (ValueError, AttributeError):
            raise pl.exceptions.ComputeError("a line is no JSON object") from None
        return parse(b"\n".join(json.dumps(row).encode() for row in rows), types)
    words = list(null_values)
    return pl.DataFrame(
        {
            name: column.set(column.is_in(words), None) if column.dtype == pl.String else column
            for name, column in ((name, frame.get_column(name).alias("values")) for name in types)
        }
    )


def without_nulls(row: dict[str, Any], null_values: AbstractSet[str]) -> dict[str, Any]:
    """An object with None for the texts that mean a missing value."""
    return {name: None if isinstance(value, str) and value in null_values else value for name, value in row.items()}


def _type_read(found: pl.DataType, asked: ColumnType) -> pl.DataType:
    if asked == "number" and (found.is_numeric() or found == pl.Null):
        return pl.Float64()
    if isinstance(found, pl.List) and found.inner.is_numeric():
        return pl.List(pl.Float64)
    if found == pl.Null or (asked != "number" and (found.is_integer() or found == pl.Boolean)):
        return pl.String() if asked in ("category", "text") or found == pl.Null else found
    return found


def _as_number(text: pl.Series, name: str, lines: Lines) -> pl.Series:
    numbers = text.str.strip_chars().cast(pl.Float64, strict=False)
    wrong = (numbers.is_null() & text.is_not_null()).arg_true()
    if wrong.len():
        row, line, _ = next(item for position, item in enumerate(lines.objects()) if position == wrong[0])
        raise _no_fit(f"{lines.name}, row {row} (line {line})", text[wrong[0]], name, "a number")
    return numbers


def _fault(lines: Lines, types: Mapping[str, pl.DataType], null_values: AbstractSet[str], error: Exception) -> DataError:
    for row, line, whole in lines.objects():
        found = without_nulls(whole, null_values)
        for name, dtype in types.items():
            value = found.get(name)
            if value is not None and not _fits(value, dtype):
                return _no_fit(f"{lines.name}, row {row} (line {line})", value, name, _KINDS.get(dtype.base_type(), str(dtype)))
    detail = (str(error).splitlines() or [""])[0]
    return DataError("YT743", f"{lines.name}, from line {lines.first_line} on: {detail}", "is each line one JSON object?")


def _no_fit(where: str, value: Any, column: str, kind: str) -> DataError:
    written = value if isinstance(value, str) else json.dumps(value)
    shown = written if len(written) <= 40 else f"{written[:40]}…"
    return DataError(
        "YT706",
        f'{where}: "{shown}" in column "{column}" is not {kind}',
        "values of one column are of one kind; mend the line, or add a text that means a missing value to `null_values` of the "
        "datasource",
    )


_KINDS: dict[Any, str] = {
    pl.Float64: "a number",
    pl.Int64: "a whole number",
    pl.Boolean: "true or false",
    pl.List: "a list like those of the first rows",
    pl.Struct: "an object",
}


def _fits(value: Any, dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.List):
        return isinstance(value, list) and all(entry is None or _fits(entry, dtype.inner) for entry in value)  # type: ignore[arg-type]
    if dtype == pl.Boolean:
        return isinstance(value, bool)
    if dtype.is_numeric():
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, dict) if isinstance(dtype, pl.Struct) else True


def _parse_line(line: bytes, name: str, row: int, number: int) -> dict[str, Any]:
    where = f"{name}, row {row} (line {number})"

    def refuse(constant: str) -> None:
        raise DataError("YT743", f"{where}: {constant} is no JSON value", "write null for what is missing")

    try:
        found = json.loads(line.decode("utf-8"), parse_constant=refuse)
    except UnicodeDecodeError:
        raise not_text(name, number, "utf-8", b"") from None
    except (ValueError, RecursionError) as error:
        raise DataError("YT743", f"{where}: no JSON: {error}", "write one object a line") from None
    if not isinstance(found, dict):
        raise DataError("YT743", f"{where}: not an object but {type(found).__name__}", 'write one object a line: {"column": value}')
    return found


def _count_rows(content: bytes) -> int:
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    if b"\n\n" not in content and b"\n\r\n" not in content and not content.startswith((b"\n", b"\r\n")) and b"\n " not in content:
        return lines
    return sum(1 for line in content.split(b"\n") if line.strip())
