"""What the files of a version may hold: what their names promise, and nothing that runs when it is read."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from ymltrain.diagnostics import RegistryError
from ymltrain.storage.safetensors_header import read_header

PICKLE = re.compile(rb"\x80[\x02-\x05]|PK\x03\x04|PK\x05\x06", re.DOTALL)
"""How pickles and the archives that hold them (torch.save) begin."""
SAFETENSORS = re.compile(rb".{4}\x00{4}\{", re.DOTALL)
"""How safetensors begin: the header's length in 8 bytes, which may look like a pickle's (640 is `\\x80\\x02`), and its JSON."""
LARGEST_DOCUMENT = 64 << 20


def check_content(path: Path, name: str) -> None:
    """Raise RegistryError unless a file holds what its suffix says. `name` is its path in the version."""
    with path.open("rb") as file:
        start = file.read(9)
    suffix = path.suffix.lower()
    is_weights = suffix == ".safetensors" and SAFETENSORS.match(start) is not None
    if PICKLE.match(start) and not is_weights and suffix != ".pt2":  # torch.export's archive is never opened
        raise _unfit(name, "holds a pickle or an archive", "store weights as safetensors")
    try:
        if suffix == ".safetensors":
            read_header(path)
        elif suffix == ".json":
            _check_json(path)
        elif suffix == ".parquet":
            _check_magic(start, b"PAR1", "Parquet file")
    except ValueError as error:
        raise _unfit(name, f"does not hold what its name says: {error}", "make the bundle again") from None


def _check_magic(start: bytes, magic: bytes, what: str) -> None:
    if not start.startswith(magic):
        raise ValueError(f"it is no {what}")


def _check_json(path: Path) -> None:
    if path.stat().st_size > LARGEST_DOCUMENT:
        raise ValueError(f"a document of more than {LARGEST_DOCUMENT} bytes")
    try:
        msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"it is no JSON: {error}") from None


def _unfit(name: str, what: str, hint: str) -> RegistryError:
    return RegistryError("YT958", f"{name} {what}", hint)
