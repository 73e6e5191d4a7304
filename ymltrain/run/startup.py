"""Importing torch and Lightning, which takes seconds.

Of the time, torch's import and torch._dynamo's (which every optimizer needs) are unavoidable. What can be saved is
the garbage collector's, which walks all objects again and again while modules only add to them, and scipy.signal's.
"""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType


@cache
def import_training() -> None:
    """Import all that training needs, Lightning's console messages silenced: once, whoever asks again."""
    with _collector_paused(), _scipy_signal_deferred():
        from lightning import pytorch  # noqa: F401

        import ymltrain.run.module  # noqa: F401
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def _scipy_signal_deferred() -> Iterator[None]:
    """Keep torchmetrics' import from loading all of scipy.signal, which takes a second.

    It wants nothing of it but to give another package an old name of one function back. A module that has the name
    stands in for it in the block; whoever imports scipy.signal afterwards gets the real one.
    """
    name = "scipy.signal"
    if name in sys.modules:
        yield
        return
    stand_in = ModuleType(name)
    stand_in.hamming = None  # type: ignore[attr-defined]  # the name that torchmetrics looks for
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        sys.modules.pop(name, None)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collection in the block; what it made is then left out of later collections."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()
