"""Rows of a table as they were read, drawn evenly from train and from the other splits: for profiles and checks of the data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.assignment import assign_rows, split_columns, surveyed
from ymltrain.data.blocks import read_blocks
from ymltrain.data.learning import TableSpec
from ymltrain.data.reading import column_values, finite_or_null
from ymltrain.data.tally import DROPPED, TRAIN, Codes
from ymltrain.diagnostics import DataError
from ymltrain.kinds.contracts import Datasource, Split
from ymltrain.kinds.row_hash import hash_rows
from ymltrain.kinds.typed_columns import read_moments
from ymltrain.plan.shapes import Reading

SEED = 40_487


@dataclass(frozen=True)
class DrawnRows:
    """Features and target of drawn rows; `held_out` ones are of val and test. `train_rows` counts all of train.

    Rows are in table order. Where the recipe names the time of the event and every drawn row has one, those of train are in
    the order of their times instead, and `is_in_time_order` says so.
    """

    train: pl.DataFrame
    held_out: pl.DataFrame
    train_rows: int
    is_in_time_order: bool = False


def drawn_columns(spec: TableSpec) -> dict[str, Reading]:
    """The columns that a draw needs, and how they are read."""
    times = {} if spec.event_time is None else {spec.event_time: Reading(type="category")}
    return {**times, **spec.columns}


class RowDraw:
    """Draws while the table goes by: at most so many rows of either part, by the rows' numbers alone."""

    def __init__(self, most: int, spec: TableSpec) -> None:
        self._columns = list(dict.fromkeys([*(feature.column for feature in spec.features), *spec.target.columns]))
        self._event_time = spec.event_time
        self._parts = (_Part(most), _Part(most))
        self._train_rows = 0

    def update(self, block: pl.DataFrame, codes: Codes, first_row: int) -> None:
        """Take in a block; rows without a target are marked as dropped in `codes`."""
        times = [self._event_time] if self._event_time is not None else []
        rows = pl.DataFrame({name: block.get_column(name) for name in (*self._columns, *times)})
        hashes = hash_rows(SEED, first_row, block.height)
        is_train = codes == TRAIN
        self._train_rows += int(is_train.sum())
        self._parts[0].update(rows, hashes, is_train)
        self._parts[1].update(rows, hashes, (codes != TRAIN) & (codes != DROPPED))

    def finish(self) -> DrawnRows:
        """The drawn rows."""
        empty = pl.DataFrame(schema=dict.fromkeys(self._columns, pl.Null))
        train, held_out = (part.finish(empty) for part in self._parts)
        order = None if self._event_time is None or not train.height else _time_order(train.get_column(self._event_time))
        train = train if order is None else train[order]
        return DrawnRows(train[self._columns], held_out[self._columns], self._train_rows, order is not None)


def _time_order(times: pl.Series) -> npt.NDArray[np.int64] | None:
    """Which row comes first, second, …; None unless each has a time."""
    try:
        moments = read_moments(times)
    except DataError:
        return None
    return np.argsort(moments, kind="stable") if np.isfinite(moments).all() else None


def draw_rows(source: Datasource, split: Split, spec: TableSpec, most: int) -> DrawnRows:
    """The same in a pass of its own over the table."""
    looked_at = split_columns(source, split, spec.roles)
    columns: dict[str, Reading] = {**dict.fromkeys(looked_at, Reading(type="category")), **drawn_columns(spec)}
    assigning = surveyed(split, source, {name: columns[name] for name in looked_at}, spec.seeds["split"])
    draw = RowDraw(most, spec)
    for first_row, block in read_blocks(source, columns):
        codes = assign_rows(assigning, looked_at, block, first_row, spec.seeds["split"])
        for name in spec.target.columns:
            codes[finite_or_null(column_values(block, name)).is_null().to_numpy()] = DROPPED
        draw.update(block, codes, first_row)
    return draw.finish()


TRAIN_ROWS, HELD_OUT_ROWS = "drawn-train.parquet", "drawn-held-out.parquet"


def write_drawn(drawn: DrawnRows, folder: Path) -> None:
    """Keep drawn rows in a folder."""
    drawn.train.write_parquet(folder / TRAIN_ROWS)
    drawn.held_out.write_parquet(folder / HELD_OUT_ROWS)


def read_drawn(folder: Path, train_rows: int, *, is_in_time_order: bool) -> DrawnRows:
    """What was kept. Raises OSError when it is gone."""
    train, held_out = (pl.read_parquet(folder / name) for name in (TRAIN_ROWS, HELD_OUT_ROWS))
    return DrawnRows(train, held_out, train_rows, is_in_time_order)


class _Part:
    """The rows with the smallest hashes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._hashes = np.empty(0, np.uint64)
        self._frames: list[tuple[npt.NDArray[np.uint64], pl.DataFrame]] = []

    def update(self, rows: pl.DataFrame, hashes: npt.NDArray[np.uint64], is_mine: npt.NDArray[np.bool_]) -> None:
        if len(self._hashes) == self._most:
            is_mine = is_mine & (hashes <= self._hashes[-1])
        mine = hashes[is_mine]
        if not mine.size:
            return
        self._hashes = np.sort(np.concatenate([self._hashes, mine]))[: self._most]
        self._frames.append((mine, rows.filter(pl.Series(is_mine))))
        if sum(len(found) for found, _ in self._frames) > 1.25 * self._most:
            self._shrink()

    def finish(self, empty: pl.DataFrame) -> pl.DataFrame:
        self._shrink()
        frames = [frame for _, frame in self._frames if frame.height]
        return pl.concat(frames) if frames else empty

    def _shrink(self) -> None:
        if not self._hashes.size:
            return
        kept = [(hashes, frame, hashes <= self._hashes[-1]) for hashes, frame in self._frames]
        self._frames = [(hashes[stays], frame.filter(pl.Series(stays))) for hashes, frame, stays in kept]
