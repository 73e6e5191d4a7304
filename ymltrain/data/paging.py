"""Which pages of encoded arrays are in memory: those that are mapped from files can be read ahead and let go.

A page that is let go stays in the system's own cache as long as memory allows; it is no longer this process's. Arrays that are
in memory themselves, and systems without madvise, are left as they are.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt


class MappedRows:
    """Arrays of the same rows, told which of these will be read and which are done with."""

    def __init__(self, arrays: Iterable[npt.NDArray[Any]]) -> None:
        mapped = ((array, _mapping_of(array)) for array in arrays)
        self._arrays = [
            (array, mapping, _address(array) - _address(np.frombuffer(mapping, np.uint8))) for array, mapping in mapped if mapping
        ]

    def expect(self, start: int, stop: int) -> None:
        """Read these rows ahead, while others are worked on."""
        self._advise(start, stop, "MADV_WILLNEED")

    def release(self, start: int, stop: int) -> None:
        """Let these rows go; a page that holds other rows too stays."""
        self._advise(start, stop, "MADV_DONTNEED")

    def _advise(self, start: int, stop: int, name: str) -> None:
        advice = getattr(mmap, name, None)
        if advice is None:
            return
        for array, mapping, offset in self._arrays:
            begin, end = (offset + row * array.strides[0] for row in (start, stop))
            if name == "MADV_WILLNEED":
                begin -= begin % mmap.PAGESIZE
            else:
                begin, end = -(-begin // mmap.PAGESIZE) * mmap.PAGESIZE, end - end % mmap.PAGESIZE
            if end > begin:
                mapping.madvise(advice, begin, end - begin)


def _mapping_of(array: npt.NDArray[Any]) -> mmap.mmap | None:
    """The file mapping whose memory an array shows; None when it is in memory of its own."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.size == 0:
            return None
        owner = owner.base
    return owner if isinstance(owner, mmap.mmap) else None


def _address(array: npt.NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])
