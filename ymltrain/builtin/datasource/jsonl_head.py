"""The beginning of JSON lines: which columns there are, of which types, and how many rows there are in all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import polars as pl

from ymltrain.api import Sample
from ymltrain.builtin.datasource.jsonl_rows import Lines, parse_without_nulls, read_objects, without_nulls
from ymltrain.builtin.datasource.location import DataFile

INFERENCE_ROWS = 10_000
COUNTED_BYTES = 4 << 20


def read_head(
    files: Sequence[DataFile], compression: str, null_values: AbstractSet[str], rows: int, counted_bytes: int = COUNTED_BYTES
) -> Sample:
    """The first rows with all their keys as columns; the count as of a CSV file. Raises DataError.

    Types follow from the first 10,000 rows (or as many as asked for): see `common_type`.
    """
    wanted = max(rows, INFERENCE_ROWS)
    sizes = [file.size for file in files]
    blocks: list[tuple[Lines, list[dict[str, Any]]]] = []
    read_rows = read_bytes = stored = 0
    is_exact = True
    for lines in read_objects(files, compression):
        if read_rows >= wanted and read_bytes >= counted_bytes and None not in sizes:
            is_exact = False
            break
        objects = [without_nulls(found, null_values) for _, _, found in lines.objects()]
        if read_rows < wanted:
            blocks.append((lines, objects[: wanted - read_rows]))
        read_rows += len(objects)
        read_bytes += len(lines.content)
        stored = lines.stored
    types = column_types(found for _, objects in blocks for found in objects)
    frames = [parse_without_nulls(_first_lines(lines, len(objects)), types, null_values) for lines, objects in blocks]
    table = pl.concat(frames) if frames else pl.DataFrame(schema=types)
    total = read_rows if is_exact else round(sum(size or 0 for size in sizes) * read_rows / stored)
    return Sample(table=table.head(rows), total_rows=total, is_exact=is_exact)


def column_types(objects: Iterable[dict[str, Any]]) -> dict[str, pl.DataType]:
    """The type of each column, in the order in which they first occur."""
    kinds: dict[str, set[Any]] = {}
    for found in objects:
        for name, value in found.items():
            kinds.setdefault(name, set()).add(_kind(value))
    return {name: common_type(found) for name, found in kinds.items()}


def common_type(kinds: set[Any]) -> pl.DataType:
    """One type for all kinds of values that a column holds: text when they do not agree."""
    present = kinds - {None}
    if not present:
        return pl.Null()
    if all(isinstance(kind, frozenset) for kind in present):
        return pl.List(common_type(set().union(*present)))
    if present <= {int, float}:
        return pl.Int64() if present == {int} else pl.Float64()
    return pl.Boolean() if present == {bool} else pl.String()


def _kind(value: Any) -> Any:
    if isinstance(value, list):
        return frozenset(_kind(entry) for entry in value)
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return float
    return None if value is None else type(value)


def _first_lines(lines: Lines, rows: int) -> bytes:
    written = [line for line in lines.content.split(b"\n") if line.strip()]
    return b"\n".join(written[:rows])
