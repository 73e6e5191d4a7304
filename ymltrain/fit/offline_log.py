"""The serving log of an offline prediction: the records that a server would write, in one file, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy.typing as npt
import polars as pl

from ymltrain.bundle.predictor import Predictor
from ymltrain.diagnostics import UsageError
from ymltrain.serving.records import Served, make_records
from ymltrain.serving.stamp import stamp_of

SUFFIXES = (".jsonl", ".parquet")


class OfflineLog:
    """Gathers records beside predictions; `finish` gives the file its name."""

    def __init__(self, path: Path, predictor: Predictor) -> None:
        if path.suffix not in SUFFIXES:
            raise UsageError("YT818", f'the type of "{path}" is not one that a serving log has', f"end it in {', '.join(SUFFIXES)}")
        self._path = path
        self._predictor = predictor
        self._stamp = stamp_of(predictor.contract)
        self._unfinished = path.with_name(f".{path.name}.unfinished")
        self._frames: list[pl.DataFrame] = []
        self._rows = 0
        self._unfinished.unlink(missing_ok=True)

    def add(self, rows: pl.DataFrame, encoded: Mapping[str, npt.NDArray[Any]], predictions: pl.DataFrame) -> None:
        """Take in a batch of rows as read, their encoding and their predictions."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        ids = [f"row-{number:09d}" for number in range(self._rows, self._rows + rows.height)]
        self._rows += rows.height
        records = make_records(
            self._predictor, self._stamp, Served(rows.to_dicts(), encoded, predictions, ids, [now] * rows.height)
        )
        if self._path.suffix == ".parquet":
            self._frames.append(pl.DataFrame(records, infer_schema_length=None) if records else pl.DataFrame())
            return
        encoder = msgspec.json.Encoder()
        with self._unfinished.open("ab") as file:
            file.writelines(encoder.encode(record) + b"\n" for record in records)

    def finish(self) -> None:
        """Write what is left and name the file. Raises UsageError."""
        try:
            if self._path.suffix == ".parquet":
                frames = [frame for frame in self._frames if frame.height]
                (pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame()).write_parquet(self._unfinished)
            self._unfinished.touch()
            self._unfinished.replace(self._path)
        except OSError as error:
            self._unfinished.unlink(missing_ok=True)
            raise UsageError("YT819", f"{self._path} cannot be written: {error.strerror}", "choose another place") from None
