"""Random numbers that belong to rows: a function of a seed and a row's number alone.

Such numbers need no state, come out the same whatever the batches, threads or machine, and do not change for the rows
before a row that is appended. They are those of the generator of Steele, Lea and Flood, "Fast splittable pseudorandom
number generators" (OOPSLA 2014), known as splitmix64, entered at the row's position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_STEP = 0x9E3779B97F4A7C15


def hash_rows(seed: int, first_row: int, count: int) -> npt.NDArray[np.uint64]:
    """`[count]` evenly spread 64-bit numbers, one for each row from `first_row` (counted from 0) on."""
    import numpy as np

    start = mix64(np.array([seed], np.uint64))  # spreads neighbouring seeds far apart
    rows = np.arange(first_row, first_row + count, dtype=np.uint64)
    return mix64(start + rows * np.uint64(_STEP))


def mix64(states: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The number that splitmix64 gives for each state: no two alike, and no trace of how the states lay."""
    import numpy as np

    mixed = states + np.uint64(_STEP)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
