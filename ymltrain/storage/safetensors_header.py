"""The header of a safetensors file, judged as if a stranger had written it: it names tensors and where their bytes lie.

Format: 8 bytes, the header's length; a JSON object; the tensors' bytes, without a gap
(https://huggingface.co/docs/safetensors).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

LONGEST_HEADER = 100_000_000
BYTES_OF = {
    **dict.fromkeys(("F64", "I64", "U64", "C64"), 8),
    **dict.fromkeys(("F32", "I32", "U32"), 4),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 2),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "I8", "U8", "BOOL"), 1),
}


class TensorPlace(NamedTuple):
    """A tensor: dtype, shape, and its bytes from `begin` to `end`, counted from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read_header(path: Path) -> dict[str, TensorPlace]:
    """The tensors of a file by name, in the order of their bytes. Raises ValueError saying what is wrong with it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length + 8 > size:
            raise ValueError("it is no safetensors file: its header is cut off")
        if length > LONGEST_HEADER:
            raise ValueError(f"its header says it is {length} bytes long; {LONGEST_HEADER} are allowed")
        header = file.read(length)
    try:
        document = json.loads(header, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its header is no JSON object with each name once: {error}") from None
    if not isinstance(document, dict):
        raise ValueError("its header is no JSON object")  # noqa: TRY004 - of a file, not of a caller
    document.pop("__metadata__", None)
    try:
        tensors = {name: _place(entry) for name, entry in document.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"its header describes a tensor that cannot be: {error}") from None
    return _contiguous(tensors, size - 8 - length)


def _place(entry: Any) -> TensorPlace:
    begin, end = entry["data_offsets"]
    shape = tuple(int(length) for length in entry["shape"])
    bytes_of_each = BYTES_OF[entry["dtype"]]
    if any(length < 0 for length in shape) or end - begin != math.prod(shape) * bytes_of_each:
        raise ValueError(f"{end - begin} bytes for {entry['dtype']} {list(shape)}")
    return TensorPlace(entry["dtype"], shape, int(begin), int(end))


def _contiguous(tensors: dict[str, TensorPlace], size: int) -> dict[str, TensorPlace]:
    reached = 0
    ordered = dict(sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)))
    for name, place in ordered.items():
        if place.begin != reached:
            raise ValueError(f"its tensor {name!r} overlaps another or leaves a gap")
        reached = place.end
    if reached != size:
        raise ValueError(f"its tensors end at byte {reached} of {size}")
    return ordered


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found
