"""Running a log's inputs through a version again: beside what was served, or beside another version's predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from ymltrain.bundle.predictor import Predictor
from ymltrain.diagnostics import BundleError, DataError, UsageError
from ymltrain.skew.log import read_log
from ymltrain.skew.outputs import plain_predictions
from ymltrain.skew.records import as_series, read_records

WRITERS = (".csv", ".parquet", ".jsonl")
LARGEST = 10


class Rerun(msgspec.Struct, frozen=True, kw_only=True):
    """How predictions differ. `left` is the version's, `right` the other version's or what was served.

    `changed` counts other labels, or numbers that differ by more than a hundred-thousandth; `mean_change` and `largest_change` are
    of numbers. `largest` are the records that differ most.
    """

    rows: int
    left: str
    right: str
    compared: int
    changed: int
    mean_change: float | None
    largest_change: float | None
    quantiles: dict[str, float]
    largest: tuple[dict[str, object], ...]
    output: str | None


def rerun(files: Sequence[Path], predictor: Predictor, other: Predictor | None, output: Path | None) -> Rerun:
    """Predict every record of a log anew. Raises DataError, BundleError, UsageError."""
    if output is not None and output.suffix not in WRITERS:
        raise UsageError("YT818", f'the type of "{output}" is not one that can be written', f"end it in {', '.join(WRITERS)}")
    right = "served" if other is None else f"{other.contract.name} ({other.contract.digests.weights[:19]})"
    if other is not None and set(other.columns) - set(predictor.columns):
        lacking = ", ".join(sorted(set(other.columns) - set(predictor.columns)))
        raise BundleError(
            "YT923",
            f"{other.contract.name} takes {lacking}, which {predictor.contract.name} does not",
            "compare versions of one model",
        )
    frames: list[pl.DataFrame] = []
    rows = 0
    for raw in read_log(files):
        records = read_records(raw, rows, predictor.columns, predictor.defaults)
        rows += records.rows
        if not records.rows:
            continue
        left = plain_predictions(predictor.predict_rows(records.inputs).get_column("prediction"))
        served = records.fields.get("prediction")
        beside = served
        if other is not None:
            beside = plain_predictions(other.predict_rows(records.inputs[list(other.columns)]).get_column("prediction"))
        ids = records.fields.get("request_id")
        missing = pl.Series(values=[None] * records.rows, dtype=left.dtype)
        columns = {
            "row": pl.Series(np.arange(records.first_row, records.first_row + records.rows)),
            "request_id": missing.cast(pl.String) if ids is None else as_series(ids).cast(pl.String),
            "left": left,
            "right": missing if beside is None else beside.cast(left.dtype, strict=False),
        }
        frames.append(pl.DataFrame(columns))
    if not frames:
        raise DataError("YT987", "the log has no records", "is this the right file, and did the server write to it?")
    table = pl.concat(frames)
    if output is not None:
        _write(table, output)
    return _compare(table, f"{predictor.contract.name} ({predictor.contract.digests.weights[:19]})", right, output)


def _compare(table: pl.DataFrame, left: str, right: str, output: Path | None) -> Rerun:
    both = table.filter(pl.col("left").is_not_null() & pl.col("right").is_not_null())
    common = {
        "rows": table.height,
        "left": left,
        "right": right,
        "compared": both.height,
        "output": None if output is None else str(output),
    }
    if not both.height:
        return Rerun(**common, changed=0, mean_change=None, largest_change=None, quantiles={}, largest=())  # type: ignore[arg-type]
    if not table.get_column("left").dtype.is_numeric():
        differs = both.filter(pl.col("left") != pl.col("right"))
        rows = tuple(differs.head(LARGEST).to_dicts())
        return Rerun(**common, changed=differs.height, mean_change=None, largest_change=None, quantiles={}, largest=rows)  # type: ignore[arg-type]
    a, b = both.get_column("left").to_numpy(), both.get_column("right").to_numpy()
    change = np.abs(a - b)
    spread = float(np.std(b)) or 1.0
    order = np.argsort(-change)[:LARGEST]
    levels = (0.5, 0.9, 0.99)
    return Rerun(
        **common,  # type: ignore[arg-type]
        changed=int((change > 1e-5 * (spread + np.abs(b))).sum()),
        mean_change=float(change.mean()),
        largest_change=float(change.max()),
        quantiles={f"{level:.0%}": float(value) for level, value in zip(levels, np.quantile(change, levels), strict=True)},
        largest=tuple(both[order].to_dicts()),
    )


def _write(table: pl.DataFrame, output: Path) -> None:
    try:
        if output.suffix == ".csv":
            table.write_csv(output)
        elif output.suffix == ".parquet":
            table.write_parquet(output)
        else:
            table.write_ndjson(output)
    except OSError as error:
        raise UsageError("YT819", f"{output} cannot be written: {error.strerror}", "choose another place") from None
