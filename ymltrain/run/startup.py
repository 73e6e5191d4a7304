"""Importing torch and Lightning, which takes seconds: started early, in a thread, while files are read.

Of the time, torch's import and torch._dynamo's (which every optimizer needs) are unavoidable. What can be saved is
the garbage collector's: it walks all objects again and again while modules only add to them.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


class EarlyImport:
    """The imports of training, under way in a thread since this was made; `wait` before torch is touched."""

    def __init__(self) -> None:
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="ymltrain-imports", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Return when everything is imported; raises what an import raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            import_training()
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
            self._error = error


def import_training() -> None:
    """Import all that training needs, Lightning's console messages silenced."""
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
