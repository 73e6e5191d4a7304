"""Which rows are golden: a draw over the whole table that depends on the seed and the rows' numbers alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ymltrain.kinds.row_hash import hash_rows


class GoldenDraw:
    """Keeps the numbers of the `count` rows with the smallest hashes while the table goes by."""

    def __init__(self, count: int, seed: int) -> None:
        self._count = count
        self._seed = seed
        self._hashes = np.empty(0, np.uint64)
        self._rows = np.empty(0, np.int64)

    def update(self, first_row: int, count: int) -> None:
        """Take in the next `count` rows of the table."""
        new = hash_rows(self._seed, first_row, count)
        candidates = np.flatnonzero(new < self._hashes[-1]) if 0 < self._count == len(self._hashes) else np.arange(count)
        hashes = np.concatenate([self._hashes, new[candidates]])
        rows = np.concatenate([self._rows, first_row + candidates])
        smallest = np.argsort(hashes, kind="stable")[: self._count]
        self._hashes, self._rows = hashes[smallest], rows[smallest]

    def finish(self) -> npt.NDArray[np.int64]:
        """The numbers of the drawn rows, ascending."""
        return np.sort(self._rows)
