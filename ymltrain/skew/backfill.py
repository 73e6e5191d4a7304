"""Time skew: inputs as they were served against the same inputs computed afterwards, as training gets them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

from ymltrain.data.reading import Readings, column_values, read_rows
from ymltrain.diagnostics import DataError, UsageError
from ymltrain.skew.causes.evidence import Tolerance
from ymltrain.skew.causes.numbers import Numbers, explain_numbers
from ymltrain.skew.findings import Finding
from ymltrain.skew.records import Floats
from ymltrain.skew.sample import Sample
from ymltrain.skew.statistics import smallest_seen_share

ID = "request_id"
READERS: dict[str, Callable[[Path], pl.DataFrame]] = {".csv": pl.read_csv, ".parquet": pl.read_parquet, ".jsonl": pl.read_ndjson}


def read_side_table(path: Path, what: str) -> pl.DataFrame:
    """A table that is joined to the log by request id. Raises UsageError, DataError."""
    reader = READERS.get(path.suffix)
    if reader is None:
        raise UsageError("YT985", f"the type of {path} is not one that is read", f"end it in {', '.join(READERS)}")
    try:
        frame = reader(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        detail = (str(error).splitlines() or [""])[0]
        raise DataError("YT986", f"{path} cannot be read: {detail}", f"name a table of {what}") from None
    if ID not in frame.columns:
        raise DataError("YT988", f"{path} has no column {ID}", f"a table of {what} is joined to the log by it")
    return frame.with_columns(pl.col(ID).cast(pl.String)).unique(ID, keep="last")


def backfill_findings(sample: Sample, table: pl.DataFrame, columns: Readings) -> Iterator[Finding]:
    """A finding for each input that was served with another value than it has afterwards."""
    ids = sample.field(ID)
    if ids is None:
        return
    joined = pl.DataFrame({ID: ids.cast(pl.String)}).join(table, on=ID, how="left", maintain_order="left")
    there = joined.get_column(ID).is_in(table.get_column(ID).implode()).to_numpy()
    for name, reading in columns.items():
        if name not in table.columns or not there.any():
            continue
        later = column_values(read_rows(joined[[name]], {name: reading}), name)
        served = column_values(sample.inputs, name)
        if reading.type == "number":
            a, b = served.to_numpy().astype(np.float64), later.to_numpy().astype(np.float64)
            differs = ~Tolerance(1e-12, 1e-9).equal(a, b) & there
        else:
            differs = served.ne_missing(later).to_numpy() & there
        if differs.any():
            yield _finding(sample, name, (served, later), differs, int(there.sum()))


def _finding(
    sample: Sample, name: str, both: tuple[pl.Series, pl.Series], differs: np.ndarray[tuple[int], np.dtype[np.bool_]], compared: int
) -> Finding:
    served, later = both
    rows = np.flatnonzero(differs)
    cause, words = "late_value", "the served value is not the one known afterwards: it was not yet there, or was mended since"
    if served.dtype.is_numeric():
        a, b = served.to_numpy().astype(np.float64), later.to_numpy().astype(np.float64)
        found = explain_numbers(_plain(b, a, rows, differs))
        if found is not None:
            cause, words = found.name, found.words
    if served[rows.tolist()].null_count() > 0.95 * rows.size:
        cause, words = "late_value", "the value was not there yet when it was served"
    return Finding(
        skew_class="time",
        feature=name,
        kind="engineering_fault",
        cause=cause,
        message=f"{name}: {words}, in {rows.size:,} of {compared:,} records ({rows.size / compared:.1%})",
        distance=rows.size / compared,
        threshold=0.0,
        minimum_detectable=smallest_seen_share(compared),
        onset_row=int(sample.rows[rows[0]]),
        onset_time=sample.text("served_at", int(rows[0])),
        affected_rows=int(rows.size),
        share=rows.size / compared,
        evidence=tuple(
            {
                "row": int(sample.rows[r]),
                "request_id": sample.text(ID, int(r)),
                "served": served[int(r)],
                "afterwards": later[int(r)],
            }
            for r in rows[:8]
        ),
        rank=rows.size / compared,
    )


def _plain(
    expected: Floats,
    served: Floats,
    rows: np.ndarray[tuple[int], np.dtype[np.int64]],
    differs: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> Numbers:
    def same(values: Floats) -> Floats:
        return values

    there = rows[np.isfinite(expected[rows]) & np.isfinite(served[rows])]
    return Numbers(expected[there], expected[there], served[there], same, same, Tolerance(1e-9, 1e-6), expected[~differs])
