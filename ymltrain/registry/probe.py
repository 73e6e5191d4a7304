"""Whether a storage really creates exclusively: some accept the condition and ignore it. So it is tried before it is trusted."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from ymltrain.diagnostics import RegistryError
from ymltrain.kinds.contracts import RegistryBackend

RACERS = 4


def probe_exclusive_creation(backend: RegistryBackend) -> None:
    """Create a key twice, then another from several threads at once; each must be created once and keep its content.

    Raises RegistryError when the storage does otherwise, OSError when it refuses. What is created is removed again.
    """
    name = f"probe/{uuid.uuid4().hex}"
    twice, raced = f"{name}-twice", f"{name}-raced"
    try:
        first = backend.put_if_absent(twice, b"first")
        second = backend.put_if_absent(twice, b"second")
        kept = backend.read(twice)
        if not first or second or kept != b"first":
            what = "a key that exists was created once more" if second else "a key was not kept as it was created"
            raise _unfit(backend, what)
        with ThreadPoolExecutor(RACERS) as pool:
            told = list(pool.map(lambda racer: backend.put_if_absent(raced, b"%d" % racer), range(RACERS)))
        if sum(told) > 1 or (sum(told) == 1 and backend.read(raced) != b"%d" % told.index(True)):
            raise _unfit(backend, f"{sum(told)} of {RACERS} writers were told that they created one key")
    finally:
        with suppress(OSError):
            backend.delete(twice)
            backend.delete(raced)


def _unfit(backend: RegistryBackend, what: str) -> RegistryError:
    return RegistryError(
        "YT970",
        f"{backend} cannot keep a registry for several writers: {what}",
        "use a store with conditional writes; or, if never two processes write at once, `single_writer: true`",
    )
