"""Predictions for a file of rows, written as a file: streamed, and whole or not at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import polars as pl

from ymltrain.bundle.predictor import BATCH_ROWS, AnyPredictor, Predictor
from ymltrain.data.reading import read_rows, source_columns
from ymltrain.diagnostics import BundleError, UsageError, did_you_mean
from ymltrain.fit.offline_log import OfflineLog
from ymltrain.kinds.contracts import Datasource

WRITERS: dict[str, Callable[[pl.DataFrame, BinaryIO], None]] = {
    ".csv": lambda frame, file: flat(frame).write_csv(file),
    ".parquet": lambda frame, file: frame.write_parquet(file),
    ".jsonl": lambda frame, file: frame.write_ndjson(file),
}


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """The same with lists as JSON text, which is all that CSV can hold of them."""
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    texts = [pl.Series(name, [json.dumps(value.to_list(), ensure_ascii=False) for value in frame[name]]) for name in lists]
    return frame.with_columns(texts)


@dataclass(frozen=True)
class Predicted:
    """What was written. `defaulted` counts values that a serving default stood in for, by column."""

    rows: int
    columns: tuple[str, ...]
    defaulted: Mapping[str, int] = field(default_factory=dict)


def predict_file(predictor: AnyPredictor, source: Datasource, output: Path, serving_log: Path | None = None) -> Predicted:
    """Predict every row of a source, and write a serving log of it where one is asked for.

    Raises UsageError, DataError, BundleError; no half-written output is left.
    """
    write = WRITERS.get(output.suffix.lower())
    if write is None:
        raise UsageError("YT818", f'the type of "{output}" is not one that can be written', f"end it in {', '.join(WRITERS)}")
    _check_columns(predictor, source)
    log = None if serving_log is None else OfflineLog(serving_log, _of_table(predictor))
    defaulted: Counter[str] = Counter()
    parts = []
    for batch in _batches(predictor, source):
        parts.append(_predict(predictor, batch, log))
        defaulted.update(predictor.defaults.count(batch))
    predictions = pl.concat(parts)
    unfinished = output.with_name(f".{output.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            write(predictions, file)
        unfinished.replace(output)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise UsageError("YT819", f"{output} cannot be written: {error.strerror}", "choose another place") from None
    if log is not None:
        log.finish()
    return Predicted(predictions.height, tuple(predictions.columns), defaulted)


def _predict(predictor: AnyPredictor, rows: pl.DataFrame, log: OfflineLog | None) -> pl.DataFrame:
    if log is None or not rows.height or not isinstance(predictor, Predictor):
        return predictor.predict_rows(rows)
    parts = []
    for part in rows.iter_slices(BATCH_ROWS):
        encoded = predictor.encode(part)
        parts.append(predictor.decode(predictor.outputs(encoded)))
        log.add(part, encoded, parts[-1])
    return pl.concat(parts)


def _of_table(predictor: AnyPredictor) -> Predictor:
    if not isinstance(predictor, Predictor):
        message = f"a serving log is for models of tables, and {predictor.contract.name} is a language model"
        raise BundleError("YT928", message, "leave --serving-log out")
    return predictor


def _check_columns(predictor: AnyPredictor, source: Datasource) -> None:
    there = list(pl.Schema(source.schema()))
    missing = [column for column in predictor.columns if column not in there and column not in predictor.defaults.values]
    if missing:
        message = f"the data lack {', '.join(missing)}, which {predictor.contract.name} takes"
        raise BundleError("YT923", message, did_you_mean(missing[0], there))


def _batches(predictor: AnyPredictor, source: Datasource) -> Iterator[pl.DataFrame]:
    columns = predictor.columns
    yield read_rows(pl.DataFrame(schema=dict.fromkeys(columns, pl.Null)), columns)
    there = set(pl.Schema(source.schema()))
    asked = {name: reading for name, reading in columns.items() if name in there}
    lacking = [name for name in columns if name not in there]
    for batch in source.batches(source_columns(asked)):
        frame = pl.DataFrame(batch)
        frame = frame.hstack(pl.DataFrame({name: [None] * frame.height for name in lacking})) if lacking else frame
        yield read_rows(frame, columns)
