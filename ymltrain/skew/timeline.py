"""The timeline of a log while it goes by: counts of columns by stretches of rows, few of them however long the log."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from ymltrain.skew.histogram import Counts
from ymltrain.skew.log_profile import STRETCHES, Stretch

LEAST_ROWS = 256


class Timeline:
    """Collects stretches. When they become many, neighbours are joined, and later ones are longer."""

    def __init__(self) -> None:
        self._first_rows: list[int] = []
        self._rows: list[int] = []
        self._times: list[str | None] = []
        self._counts: dict[str, Counts] = {}

    @staticmethod
    def stretch_rows(rows: int) -> int:
        """How many rows a stretch takes when the log has had so many."""
        return max(LEAST_ROWS, -(-rows // STRETCHES))

    def add(self, span: tuple[int, int], size: int, times: pl.Series | None, counted: Mapping[str, Counts]) -> None:
        """Append rows from `span[0]` to before `span[1]`, counted by stretches of `size` rows: `[stretches, bins]` a column.

        A column that was not counted before had no values.
        """
        first, end = span
        before = len(self._rows)
        for start in range(first, end, size):
            time = None if times is None else times[start - first]
            self._first_rows.append(start)
            self._rows.append(min(size, end - start))
            self._times.append(None if time is None else str(time))
        added = len(self._rows) - before
        for name, new in counted.items():
            known = self._counts.get(name, np.zeros((before, new.shape[1]), np.int64))
            self._counts[name] = np.concatenate([known, new])
        for name in self._counts.keys() - counted.keys():
            self._counts[name] = np.pad(self._counts[name], ((0, added), (0, 0)))
        if len(self._rows) > 4 * STRETCHES:
            self._join_neighbours(2 * STRETCHES)

    def _join_neighbours(self, most: int) -> None:
        while len(self._rows) > most:
            starts = np.arange(0, len(self._rows), 2)
            self._first_rows, self._times = self._first_rows[::2], self._times[::2]
            self._rows = np.add.reduceat(self._rows, starts).tolist()
            self._counts = {name: np.add.reduceat(counts, starts, axis=0) for name, counts in self._counts.items()}

    def finish(self) -> tuple[Stretch, ...]:
        """The stretches of the whole log."""
        self._join_neighbours(STRETCHES)
        columns = {name: counts.tolist() for name, counts in self._counts.items()}
        return tuple(
            Stretch(first_row=row, rows=rows, time=time, counts={name: tuple(counts[place]) for name, counts in columns.items()})
            for place, (row, rows, time) in enumerate(zip(self._first_rows, self._rows, self._times, strict=True))
        )
