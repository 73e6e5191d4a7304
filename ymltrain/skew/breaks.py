"""Counting where an input column breaks its contract, while the log goes by."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ymltrain.skew.log_profile import Field, Occurrence
from ymltrain.skew.records import Column, Mask

NOTED_UNSEEN = 20
SHOWN_CHARACTERS = 60


def occurrence(row: int, first_row: int, ids: pl.Series | None, value: Any, count: int) -> Occurrence:
    """The first of `count` findings, at a row of a batch."""
    request = None if ids is None or ids[row] is None else str(ids[row])
    text = None if value is None else str(value)
    shown = text if text is None or len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
    return Occurrence(count=count, row=first_row + row, request_id=request, value=shown)


class FieldCounter:
    """Adds up where one input column breaks the contract."""

    def __init__(self) -> None:
        self._found = {name: Occurrence() for name in ("absent", "wrong_type", "null", "infinite", "defaulted")}
        self._unseen: dict[str, Occurrence] = {}

    def update(self, column: Column, first_row: int, ids: pl.Series | None) -> Mask | None:
        """Take in a batch's column; returns which rows cannot be read, None when all can."""
        masks = _broken(column)
        for name, mask in masks.items():
            if mask.any():
                row = int(mask.argmax())
                found = occurrence(row, first_row, ids, column.value(row), int(mask.sum()))
                self._found[name] = self._found[name].add(found)
        unreadable = [mask for name, mask in masks.items() if name in ("absent", "wrong_type", "infinite")]
        return np.logical_or.reduce(unreadable) if unreadable else None

    def note_unseen(self, unseen: pl.Series, column: pl.Series, first_row: int, ids: pl.Series | None) -> None:
        """Which values of a category training never had."""
        for value, count in unseen.value_counts(sort=True).iter_rows():
            if value not in self._unseen and len(self._unseen) >= NOTED_UNSEEN:
                continue
            row = int((column == value).arg_max() or 0)
            self._unseen[value] = self._unseen.get(value, Occurrence()).add(occurrence(row, first_row, ids, value, count))

    def finish(self) -> Field:
        """All that was found."""
        return Field(**self._found, unseen=self._unseen)


def _broken(column: Column) -> dict[str, Mask]:
    """Which rows are broken and how; of most columns of most logs nothing."""
    masks: dict[str, Mask] = {}
    if column.absent is not None:
        masks["absent"] = column.absent
    if column.wrong is not None:
        masks["wrong_type"] = column.wrong
    if column.defaulted is not None:
        masks["defaulted"] = column.defaulted
    missing: Mask | None = column.read.is_null().to_numpy() if column.read.null_count() else None
    if column.read.dtype.is_float():
        values = column.read.to_numpy()
        if not np.isfinite(values).all():
            masks["infinite"] = np.isinf(values)
            missing = np.isnan(values)  # nulls are NaN here too
    if missing is not None:
        for name in ("absent", "wrong_type"):
            missing = missing & ~masks[name] if name in masks else missing
        masks["null"] = missing
    return masks
