"""Writing a distribution: all of it or nothing, and never over what is there."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ymltrain import __version__
from ymltrain.authoring.names import Names, check_names
from ymltrain.authoring.templates import render
from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import UsageError
from ymltrain.kinds.api_version import API_VERSION


@dataclass(frozen=True)
class WrittenDistribution:
    """A distribution that was written: its names, its folder, and its files as paths below that."""

    names: Names
    folder: Path
    files: tuple[str, ...]


def write_distribution(kind: str, name: str, into: Path, catalog: Catalog) -> WrittenDistribution:
    """Write a distribution with a plugin of this kind and name into the folder `into`.

    Raises UsageError when the name cannot be had, something stands where its folder would, or it cannot be written.
    """
    names = check_names(kind, name, catalog)
    folder = into / names.distribution
    if os.path.lexists(folder):
        raise UsageError("YT862", f"{folder} is there already", "choose another name, or another folder with --into")
    files = render(names, lowest=_minor(__version__), api=API_VERSION)
    try:
        into.mkdir(parents=True, exist_ok=True)
        _write(files, folder)
    except OSError as error:
        raise UsageError("YT863", f"cannot write {folder}: {error.strerror or error}", "name another folder with --into") from None
    return WrittenDistribution(names, folder, tuple(files))


def _write(files: dict[str, str], folder: Path) -> None:
    """The files below a folder that appears whole."""
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        whole = beside / folder.name
        for path, text in files.items():
            (whole / path).parent.mkdir(parents=True, exist_ok=True)
            (whole / path).write_text(text, encoding="utf-8")
        whole.rename(folder)  # fails where something with content has come in the meantime
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _minor(version: str) -> str:
    """`0.1` of `0.1.3`: the lowest version that a new plugin asks for."""
    return ".".join(version.split(".")[:2])
