"""Rows of a log drawn evenly and by their numbers alone, to be replayed: bounded memory, the same rows each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.kinds.row_hash import hash_rows
from ymltrain.skew.records import Floats, Mask, Records, served_values

SEED = 20_817


@dataclass
class Sample:
    """Drawn records in log order. `rows` are their numbers in the log; `features` NaN where none was served."""

    rows: npt.NDArray[np.int64]
    inputs: pl.DataFrame
    features: dict[str, Floats]
    has_features: Mask
    fields: dict[str, pl.Series]
    readable: Mask

    def field(self, name: str) -> pl.Series | None:
        """A field beside inputs and features, or None when no record has it."""
        found = self.fields.get(name)
        return None if found is None or found.null_count() == found.len() else found

    def text(self, name: str, row: int) -> str | None:
        """A field of one record as text."""
        found = self.field(name)
        return None if found is None or found[row] is None else str(found[row])


class SampleDraw:
    """Keeps the `count` rows with the smallest hashes while the log goes by."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._hashes = np.empty(0, np.uint64)
        self._parts: list[tuple[npt.NDArray[np.uint64], Sample]] = []

    def update(self, records: Records, unreadable: Mask) -> None:
        """Take in the next records."""
        if not self._count or not records.rows:
            return
        hashes = hash_rows(SEED, records.first_row, records.rows)
        candidates = np.concatenate([self._hashes, hashes])
        self._hashes = np.sort(candidates)[: self._count]
        drawn = np.flatnonzero(hashes <= self._hashes[-1])
        if drawn.size:
            self._parts.append((hashes[drawn], _gather(records, drawn, unreadable)))
        if sum(len(found) for found, _ in self._parts) > 3 * self._count:
            self._parts = self._shrunk()

    def finish(self) -> Sample | None:
        """The sample, or None for an empty log."""
        parts = [part for _, part in self._shrunk() if part.rows.size]
        return _joined(parts) if parts else None

    def _shrunk(self) -> list[tuple[npt.NDArray[np.uint64], Sample]]:
        kept = []
        for hashes, part in self._parts:
            stays = np.flatnonzero(hashes <= self._hashes[-1])
            kept.append((hashes[stays], _take(part, stays)))
        return kept


def _gather(records: Records, drawn: npt.NDArray[np.int64], unreadable: Mask) -> Sample:
    return Sample(
        rows=records.first_row + drawn,
        inputs=records.inputs[drawn],
        features={name: _served(values, drawn) for name, values in (records.features or {}).items()},
        has_features=records.has_features[drawn],
        fields={name: values.gather(drawn) for name, values in records.fields.items()},
        readable=~unreadable[drawn],
    )


def _served(values: pl.Series | list[Any], drawn: npt.NDArray[np.int64]) -> Floats:
    """Drawn values of a feature as numbers."""
    chosen = values.gather(drawn) if isinstance(values, pl.Series) else [values[row] for row in drawn.tolist()]
    return served_values(chosen, drawn.size)


def _take(part: Sample, stays: npt.NDArray[np.int64]) -> Sample:
    if stays.size == part.rows.size:
        return part
    return select(part, stays)


def select(sample: Sample, rows: npt.NDArray[Any]) -> Sample:
    """Some of the drawn records, by position."""
    return Sample(
        rows=sample.rows[rows],
        inputs=sample.inputs[rows],
        features={name: values[rows] for name, values in sample.features.items()},
        has_features=sample.has_features[rows],
        fields={name: values.gather(rows) for name, values in sample.fields.items()},
        readable=sample.readable[rows],
    )


def _joined(parts: list[Sample]) -> Sample:
    features = dict.fromkeys(name for part in parts for name in part.features)
    fields = dict.fromkeys(name for part in parts for name in part.fields)
    return Sample(
        rows=np.concatenate([part.rows for part in parts]),
        inputs=pl.concat([part.inputs for part in parts]),
        features={name: _stack([_served_in(part, name) for part in parts]) for name in features},
        has_features=np.concatenate([part.has_features for part in parts]),
        fields={name: _field(name, parts) for name in fields},
        readable=np.concatenate([part.readable for part in parts]),
    )


def _served_in(part: Sample, name: str) -> Floats:
    return part.features.get(name, np.full(part.rows.size, np.nan))


def _stack(parts: list[Floats]) -> Floats:
    width = max(values.shape[1] if values.ndim == 2 else 0 for values in parts)
    if not width:
        return np.concatenate(parts)
    whole = []
    for values in parts:
        matrix = values.reshape(len(values), -1)
        whole.append(np.pad(matrix, ((0, 0), (0, width - matrix.shape[1])), constant_values=np.nan))
    return np.concatenate(whole)


def _field(name: str, parts: list[Sample]) -> pl.Series:
    """A field of all parts; as text when its type changes from part to part."""
    series = [part.fields.get(name, pl.Series(values=[None] * part.rows.size, dtype=pl.Null)) for part in parts]
    types = {found.dtype for found in series} - {pl.Null}
    if len(types) > 1:
        series = [found.cast(pl.String, strict=False) for found in series]
    kind = next((found.dtype for found in series if found.dtype != pl.Null), pl.Null)
    return pl.concat([found.cast(kind) for found in series])
