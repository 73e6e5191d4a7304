"""Reading serving logs, batch by batch, as they were written: JSON lines, Parquet, or a table of raw columns alone.

Written rules. A log is one file, or a folder whose `.jsonl`, `.jsonl.gz`, `.parquet` and `.csv` files are read in the order of
their names. A file is a serving log when it has `inputs`, else a table of inputs alone. Every record is read however odd: a
value that cannot be read as its column's type is counted and left out of distributions, a line that is no JSON object is
counted and skipped, and an unfinished last line is one that is being written. Memory holds one batch.

YT985 no such log; YT986 a file that is damaged.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import msgspec
import polars as pl

from ymltrain.diagnostics import DataError

BATCH_ROWS = 65_536
BATCH_LINES = 16_384
SUFFIXES = (".jsonl", ".ndjson", ".jsonl.gz", ".parquet", ".csv")


class Absent:
    """Stands where a record lacks a field, which is not the same as null."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


@dataclass
class RawBatch:
    """Records as they were written. A column is a Series (Parquet, CSV) or a list of JSON values with ABSENT in it (JSON lines).

    `damaged` are the numbers of lines that are no records. `has_inputs` tells a serving log from a table of inputs.
    """

    rows: int
    has_inputs: bool
    inputs: dict[str, Any]
    features: dict[str, Any] | None
    fields: dict[str, Any]
    damaged: list[int] = field(default_factory=list)
    has_features: Any = None


def log_files(paths: Sequence[Path]) -> list[Path]:
    """The files of a log. Raises DataError when there is none."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            found = sorted(file for file in path.iterdir() if file.name.endswith(SUFFIXES) and file.is_file())
            if not found:
                raise DataError("YT985", f"{path} holds no log", f"a folder of logs has files ending in {', '.join(SUFFIXES)}")
            files += found
        elif not path.exists():
            raise DataError("YT985", f"there is no log {path}", "name a file that a server wrote, or a folder of such files")
        elif not path.name.endswith(SUFFIXES):
            raise DataError("YT985", f"the type of {path} is not one that is read", f"end it in {', '.join(SUFFIXES)}")
        else:
            files.append(path)
    return files


def read_log(files: Sequence[Path]) -> Iterator[RawBatch]:
    """All records of a log in order. Raises DataError (YT986) where a file cannot be read."""
    for path in files:
        try:
            if path.suffix == ".parquet":
                yield from _parquet(path)
            elif path.suffix == ".csv":
                yield from _csv(path)
            else:
                yield from _json_lines(path)
        except OSError as error:
            raise _damaged(path, error) from None
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, EOFError) as error:
            raise _damaged(path, error) from None


def _damaged(path: Path, error: BaseException) -> DataError:
    detail = (str(error).splitlines() or [type(error).__name__])[0]
    return DataError("YT986", f"{path} cannot be read: {detail}", "it may have been cut short: take it from its source again")


def _parquet(path: Path) -> Iterator[RawBatch]:
    scan = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    scan.collect_schema()
    total = int(scan.select(pl.len()).collect().item())
    for start in range(0, total, BATCH_ROWS):  # `collect_batches` reads ahead, without a bound that could be seen
        yield frame_batch(scan.slice(start, BATCH_ROWS).collect())


def _csv(path: Path) -> Iterator[RawBatch]:
    if not path.stat().st_size:
        return
    frames = pl.scan_csv(path, infer_schema_length=10_000, glob=False).collect_batches(chunk_size=BATCH_ROWS)
    for frame in frames:
        yield frame_batch(frame)


def frame_batch(frame: pl.DataFrame) -> RawBatch:
    """Records of a frame: struct columns `inputs` and `features` beside others, or raw columns."""
    columns = _neutral(frame)
    inputs = columns.pop("inputs", None)
    if inputs is None or not isinstance(inputs.dtype, pl.Struct):
        if inputs is not None:
            columns["inputs"] = inputs
        return RawBatch(frame.height, has_inputs=False, inputs=columns, features=None, fields={})
    features = columns.pop("features", None)
    served = _members(features) if features is not None and isinstance(features.dtype, pl.Struct) else None
    versions = columns.pop("versions", None)
    if versions is not None and isinstance(versions.dtype, pl.Struct):
        columns |= {f"versions.{name}": series for name, series in _members(versions).items()}
    has_features = features.is_not_null() if served is not None and features is not None else None
    return RawBatch(frame.height, True, _members(inputs), served, columns, has_features=has_features)


def _members(struct: pl.Series) -> dict[str, pl.Series]:
    return _neutral(struct.struct.unnest())


def _neutral(frame: pl.DataFrame) -> dict[str, pl.Series]:
    """Columns by name, each under a neutral one: polars takes some names (`*`, `^a$`) for patterns."""
    return {column.name: column.alias("values") for column in frame.iter_columns()}


def _json_lines(path: Path) -> Iterator[RawBatch]:
    decoder = msgspec.json.Decoder()
    with _opened(path) as stream:
        number = 0
        while lines := list(islice(stream, BATCH_LINES)):
            records: list[dict[str, Any]] = []
            damaged: list[int] = []
            for line in lines:
                number += 1
                record = _decode(decoder, line)
                if isinstance(record, dict):
                    records.append(record)
                elif line.endswith(b"\n") and line.strip():
                    damaged.append(number)
            yield json_batch(records, damaged)


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path))
    return path.open("rb")


def _decode(decoder: msgspec.json.Decoder[Any], line: bytes) -> Any:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        return json.loads(line)  # Python's json writes NaN and Infinity, which are no JSON
    except (ValueError, RecursionError):
        return None


def json_batch(records: list[dict[str, Any]], damaged: list[int] | None = None) -> RawBatch:
    """Records as they were decoded, column by column."""
    has_inputs = any("inputs" in record for record in records)
    inputs = [record.get("inputs") for record in records] if has_inputs else records
    rows: list[dict[str, Any]] = [row if isinstance(row, dict) else {} for row in inputs]
    if not has_inputs:
        return RawBatch(len(rows), False, _columns(rows), None, {}, damaged or [])
    served = [record.get("features") for record in records]
    features = _columns([row if isinstance(row, dict) else {} for row in served]) if any(served) else None
    fields = _columns(
        [{name: value for name, value in r.items() if name not in ("inputs", "features", "versions")} for r in records]
    )
    versions = [record.get("versions") for record in records]
    stamped = _columns([row if isinstance(row, dict) else {} for row in versions])
    fields |= {f"versions.{name}": values for name, values in stamped.items()}
    has_features = pl.Series([isinstance(row, dict) for row in served], dtype=pl.Boolean) if features is not None else None
    return RawBatch(len(rows), True, _columns(rows), features, fields, damaged or [], has_features)


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names: dict[str, None] = {}
    for keys in {tuple(row) for row in rows}:
        names.update(dict.fromkeys(keys))
    return {name: [row.get(name, ABSENT) for row in rows] for name in names}
