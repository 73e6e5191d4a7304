"""Mean and standard deviation of a stream of numbers, the same to the last bit however the stream is cut.

Written rules: the standard deviation is that of the population; a stream that holds one value only, or whose spread is
too small for a float64, has standard deviation 1, an empty one mean 0 and standard deviation 1; numbers beyond
±1e140 count as ±1e140, so that no square overflows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_BLOCK = 16_384
_LIMIT = 1e140


class Moments(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned from a stream: how to centre and scale it."""

    mean: float
    std: float


class RunningMoments:
    """Gathers numbers into blocks of one fixed size and merges each block's moments in order.

    The merge is the pairwise update of Chan, Golub and LeVeque (1979), which stays accurate where a sum of squares
    would cancel. Because blocks are cut by position in the stream, not by the caller's arrays, the result does not
    depend on how the numbers arrive.
    """

    def __init__(self) -> None:
        import numpy as np

        self._block = np.empty(_BLOCK)
        self._filled = 0
        self._count = 0
        self._mean = 0.0
        self._squares = 0.0
        self._low = float("inf")
        self._high = float("-inf")

    def update(self, values: npt.NDArray[np.float64]) -> None:
        """Take in finite numbers, in the order of the stream."""
        if not len(values):
            return
        self._low = min(self._low, float(values.min()))
        self._high = max(self._high, float(values.max()))
        while len(values):
            taken = values[: _BLOCK - self._filled]
            self._block[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            values = values[len(taken) :]
            if self._filled == _BLOCK:
                self._merge_block()

    @property
    def is_constant(self) -> bool:
        """Whether all numbers taken in were equal."""
        return self._low == self._high

    def finish(self) -> Moments:
        """The moments of all numbers taken in."""
        self._merge_block()
        if not self._count:
            return Moments(mean=0.0, std=1.0)
        if self.is_constant:
            return Moments(mean=self._low, std=1.0)
        return Moments(mean=self._mean, std=(self._squares / self._count) ** 0.5 or 1.0)

    def _merge_block(self) -> None:
        count = self._filled
        if not count:
            return
        block = self._block[:count].clip(-_LIMIT, _LIMIT)
        mean = float(block.sum()) / count
        block -= mean
        squares = float((block * block).sum())
        total = self._count + count
        shift = mean - self._mean
        self._mean += shift * (count / total)
        self._squares += squares + shift * shift * (self._count * (count / total))
        self._count = total
        self._filled = 0
