"""The order of rows: a function of (seed, epoch) alone, whole or window by window.

Written rules. Without a window, an epoch's order is the ranks of as many draws of Philox with the key (seed, epoch) as there
are rows. With a window of w rows the table is cut into chunks of w / 64 rows (the last one may be shorter); chunks come in
an order drawn likewise, 64 of them make a window, and the rows of each window are shuffled among each other. So rows far
apart in the table meet in a window, what is read of a file at a time are whole chunks, and what has to be held are the
numbers of one window. The order depends on the window's size, and on neither batches, devices, strategy nor where a run was
resumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

CHUNKS = 64
"""Chunks that are shuffled together."""

Numbers = npt.NDArray[np.int64]


class RowOrder(Protocol):
    """All row numbers of one epoch, in their order."""

    @property
    def rows(self) -> int:
        """How many there are."""
        ...

    def part(self, start: int, stop: int) -> Tensor:
        """The row numbers at these places of the order, from 0."""
        ...


class Pages(Protocol):
    """Where rows are read from; told what will be read, and what is done with."""

    def expect(self, start: int, stop: int) -> None:
        """Rows from `start` to `stop` will be read soon."""
        ...

    def release(self, start: int, stop: int) -> None:
        """Rows from `start` to `stop` will not be read again in this epoch."""
        ...


class WholeOrder:
    """Every row may come anywhere: the numbers of all rows are held."""

    def __init__(self, seed: int, epoch: int, rows: int) -> None:
        self.rows = rows
        self._order = epoch_order(seed, epoch, rows)

    def part(self, start: int, stop: int) -> Tensor:
        return self._order[start:stop]


class WindowedOrder:
    """Rows are shuffled window by window: the numbers of one window are held, or of two where a part reaches into both."""

    def __init__(self, seed: int, epoch: int, rows: int, window: int, pages: Pages | None = None) -> None:
        self.rows = rows
        self._draws = (seed, epoch)
        self._chunk = max(1, window // CHUNKS)
        self._pages = pages
        self._held: dict[int, Numbers] = {}

    def part(self, start: int, stop: int) -> Tensor:
        stop = min(stop, self.rows)
        if start >= stop:
            return torch.empty(0, dtype=torch.int64)
        first, last = (int(np.searchsorted(self._starts, place, side="right")) - 1 for place in (start, stop - 1))
        for done in [window for window in self._held if window < first]:
            del self._held[done]
            self._tell(done, Pages.release)
        numbers = np.concatenate([self._window(window) for window in range(first, last + 1)])
        begin = start - int(self._starts[first])
        return torch.from_numpy(numbers[begin : begin + stop - start])

    @cached_property
    def _chunks(self) -> Numbers:
        """The chunks in the epoch's order."""
        return _ranks(*self._draws, 0, -(-self.rows // self._chunk))

    @cached_property
    def _starts(self) -> Numbers:
        """Where in the order each window starts."""
        sizes = np.minimum(self._chunk, self.rows - self._chunks * self._chunk)
        return np.concatenate([[0], np.cumsum(np.add.reduceat(sizes, np.arange(0, len(sizes), CHUNKS)))[:-1]])

    def _window(self, window: int) -> Numbers:
        if window not in self._held:
            numbers = np.concatenate([np.arange(start, stop) for start, stop in self._stretches(window)])
            self._tell(window, Pages.expect)
            self._held[window] = numbers[_ranks(*self._draws, window + 1, len(numbers))]
        return self._held[window]

    def _stretches(self, window: int) -> Iterator[tuple[int, int]]:
        """The rows of a window's chunks in the table, each from its first to the one after its last."""
        for chunk in self._chunks[window * CHUNKS : (window + 1) * CHUNKS].tolist():
            yield chunk * self._chunk, min((chunk + 1) * self._chunk, self.rows)

    def _tell(self, window: int, what: Callable[[Pages, int, int], None]) -> None:
        if self._pages is not None:
            tell = getattr(self._pages, what.__name__)
            for start, stop in self._stretches(window):
                tell(start, stop)


def order_of(seed: int, epoch: int, rows: int, window: int | None, pages: Pages | None = None) -> RowOrder:
    """The order of an epoch; a window that holds all rows is none."""
    if window is None or window >= rows:
        return WholeOrder(seed, epoch, rows)
    return WindowedOrder(seed, epoch, rows, window, pages)


def epoch_order(seed: int, epoch: int, rows: int) -> Tensor:
    """All row numbers in the order of one epoch: the ranks of `rows` draws of Philox with the key (seed, epoch).

    Raw draws are the part of numpy's generators whose stream never changes between versions.
    """
    return torch.from_numpy(_ranks(seed, epoch, 0, rows))


def _ranks(seed: int, epoch: int, stream: int, count: int) -> Numbers:
    """A random order of so many things. Streams of one key lie 2^128 draws apart."""
    generator = np.random.Philox(key=np.array([seed, epoch], dtype=np.uint64), counter=np.array([0, 0, stream, 0], dtype=np.uint64))
    return np.argsort(generator.random_raw(count), kind="stable")
