"""Does one thing to a registry in a child that kills itself at its n-th call of the system, for n = 1, 2, 3 and so on.

Usage: python dies.py OPERATION TEMPLATE FOLDER

For each n the folder is a fresh copy of the template. A call of the system is any call of these functions, seen by
Python's own profiler hook before it is made, in every thread; nothing is replaced. After each death the registry
is read again in this process, which prints a JSON line with what it found, and the operation is repeated to its end.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.registry import Registry
from ymltrain.registry.copying import copy_model
from ymltrain.registry.fsck import check_registry
from ymltrain.registry.gc import collect_garbage
from ymltrain.registry.upgrade import upgrade_registry

CALLS = frozenset({"open", "write", "fsync", "link", "unlink", "replace", "rename", "mkdir", "close", "rmdir", "utime"})


class Countdown:
    """Kills this process at the n-th call."""

    def __init__(self, calls: int) -> None:
        self._left = calls
        self._lock = threading.Lock()

    def __call__(self, frame: FrameType, event: str, called: Any) -> None:
        del frame
        if event == "c_call" and called.__name__ in CALLS:
            with self._lock:
                self._left -= 1
                if self._left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)


def opened(folder: Path, name: str = "registry") -> Registry:
    """The registry in a folder of the working copy."""
    return Registry(FilesystemRegistry(FilesystemParams(url=str(folder / name))), actor="ada")


def register(folder: Path) -> None:
    """Register another version."""
    opened(folder).register(folder / "bundle", model="m", write_id="the-write")


def alias(folder: Path) -> None:
    """Move an alias."""
    opened(folder).set_alias("m", "champion", 1, write_id="the-write")


def upgrade(folder: Path) -> None:
    """Bring format 1 to format 2."""
    upgrade_registry(opened(folder))


def collect(folder: Path) -> None:
    """Delete what is not used."""
    collect_garbage(opened(folder), datetime.now(UTC) + timedelta(days=30), delete=True)


def copy(folder: Path) -> None:
    """Copy the model to another registry."""
    copy_model(opened(folder), opened(folder, "target"), "m")


OPERATIONS: dict[str, Callable[[Path], None]] = {
    function.__name__: function for function in (register, alias, upgrade, collect, copy)
}


def found(folder: Path, name: str) -> dict[str, Any]:
    """What another process reads of a registry now."""
    registry = opened(folder, name)
    models = registry.list_models()
    losses = [damage.what for damage in check_registry(registry, datetime.now(UTC)) if damage.is_loss]
    shown = {model: registry.show(model) for model in models}
    return {
        "losses": losses,
        "versions": {model: [version.version for version in state.versions] for model, state in shown.items()},
        "aliases": {model: state.aliases for model, state in shown.items()},
    }


def main(operation: str, template: Path, folder: Path) -> None:
    """Die at every call in turn, until the operation ends by itself."""
    name = "target" if operation == "copy" else "registry"
    for calls in range(1, 2000):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder)
        child = os.fork()
        if child == 0:
            countdown = Countdown(calls)
            threading.setprofile(countdown)
            sys.setprofile(countdown)
            OPERATIONS[operation](folder)
            sys.setprofile(None)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        died = os.WIFSIGNALED(status)
        assert died or os.waitstatus_to_exitcode(status) == 0
        after = found(folder, name)
        OPERATIONS[operation](folder)
        sys.stdout.write(json.dumps({"calls": calls, "died": died, "after": after, "repeated": found(folder, name)}) + "\n")
        if not died:
            return


main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
