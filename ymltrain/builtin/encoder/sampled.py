"""A bounded sample of a stream of numbers, the same however the stream is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ymltrain.api import hash_rows

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SAMPLE = 100_000
_SEED = 0


class Sample:
    """Keeps of a stream the SAMPLE numbers whose positions have the smallest hashes: all of a shorter one."""

    def __init__(self, size: int = SAMPLE) -> None:
        import numpy as np

        self._size = size
        self._seen = 0
        self._hashes = np.empty(0, np.uint64)
        self._values = np.empty(0)

    def update(self, values: npt.NDArray[np.float64]) -> None:
        """Take in finite numbers, in the order of the stream."""
        import numpy as np

        hashes = hash_rows(_SEED, self._seen, len(values))
        self._seen += len(values)
        if len(self._values) >= self._size:
            is_near = hashes < self._hashes[-1]
            hashes, values = hashes[is_near], values[is_near]
        hashes, values = np.concatenate([self._hashes, hashes]), np.concatenate([self._values, values])
        order = np.argsort(hashes, kind="stable")[: self._size]
        self._hashes, self._values = hashes[order], values[order]

    def finish(self) -> npt.NDArray[np.float64]:
        """The sample, sorted."""
        import numpy as np

        return np.sort(self._values)
