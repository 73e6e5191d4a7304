"""The files of a version as a folder: all of them, each verified, or none."""

from __future__ import annotations

import shutil
from pathlib import Path

from ymltrain.diagnostics import RegistryError
from ymltrain.registry.blobs import Blobs
from ymltrain.registry.manifest import Manifest, read_folder
from ymltrain.storage import inside, temporary_beside


def materialize(blobs: Blobs, manifest: Manifest, into: Path, name: str) -> Path:
    """Write the files a manifest lists into the folder `into`, which appears whole or not at all.

    A folder that is there already is not touched: it must hold exactly these files, every one as it was registered.
    `name` is the version's. Raises RegistryError.
    """
    if not into.exists():
        into.parent.mkdir(parents=True, exist_ok=True)
        staged = temporary_beside(into)
        try:
            staged.mkdir()
            for file in manifest.files:
                target = inside(staged, file.path)
                target.parent.mkdir(parents=True, exist_ok=True)
                blobs.copy(file.digest, target, what=f"{file.path} of {name}")
            if _takes_its_place(staged, into):
                return into
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    _check_folder(into, manifest, name)
    return into


def _takes_its_place(staged: Path, into: Path) -> bool:
    """Rename the folder; False when someone else was faster."""
    try:
        staged.rename(into)
    except OSError:
        if into.is_dir():
            return False
        raise
    return True


def _check_folder(folder: Path, manifest: Manifest, name: str) -> None:
    is_there = {file.path: file.digest for file in read_folder(folder).files}
    must_be = {file.path: file.digest for file in manifest.files}
    for path in sorted(is_there.keys() | must_be.keys()):
        found, wanted = is_there.get(path, "missing"), must_be.get(path, "no such file")
        if found != wanted:
            raise RegistryError(
                "YT955",
                f"{folder / path} is not what {name} holds: it is {found}, but must be {wanted}",
                f"delete {folder}; it is made again from the registry",
            )
