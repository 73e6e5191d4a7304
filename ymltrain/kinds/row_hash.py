"""Random numbers that belong to rows: a function of a seed and a row's number alone.

Such numbers need no state, come out the same whatever the batches, threads or machine, and do not change for the rows
before a row that is appended. The function is the generator of Steele, Lea and Flood, "Fast splittable pseudorandom
number generators" (OOPSLA 2014), known as splitmix64, entered at the row's position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_WEYL = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def hash_rows(seed: int, first_row: int, count: int) -> npt.NDArray[np.uint64]:
    """`[count]` evenly spread 64-bit numbers, one for each row from `first_row` (counted from 0) on."""
    import numpy as np

    start = (_scramble(seed) + first_row * _WEYL) & _MASK
    state = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_WEYL) + np.uint64(start)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def _scramble(seed: int) -> int:
    """Spread neighbouring seeds far apart, so that their rows do not share numbers at a shifted position."""
    state = (seed + _WEYL) & _MASK
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
    return state ^ (state >> 31)
