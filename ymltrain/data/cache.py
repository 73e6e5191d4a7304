"""Encoded data kept on disk: arrays that are mapped into memory, under a digest of data and plan, shared by all who train.

`<cache>/<64 hex digits>/` holds `<split>.<kind>.npy`, `golden.parquet`, the rows drawn for a profile and, written last,
`state.json` with what was learned and the digest of each file. A folder appears whole: it is made under a temporary name
and renamed.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.report import DataReport
from ymltrain.storage.atomic import temporary_beside, write_durably
from ymltrain.storage.digests import file_digest

FORMAT = 2
STATE = "state.json"
GOLDEN = "golden.parquet"
KEPT = 8
"""How many encoded tables a workspace keeps, the most recently used ones."""

Allocate: TypeAlias = Callable[[str, tuple[int, ...], npt.DTypeLike], npt.NDArray[Any]]
"""A new array of undefined content: `(name, shape, dtype)`."""

_log = logging.getLogger(__name__)


class CachedState(msgspec.Struct, frozen=True, kw_only=True):
    """What was learned from the data, as plain JSON, and the digests of the files beside it."""

    format: int = FORMAT
    fingerprint: str
    encoders: dict[str, dict[str, Any]]
    target: dict[str, Any]
    report: DataReport
    rows: dict[str, int]
    files: dict[str, str]
    drawn_of: int | None = None
    """Of how many train rows those drawn for a profile are; None where none were."""
    drawn_in_time_order: bool = False


@dataclass(frozen=True)
class Filling:
    """A folder in the making: its arrays come from `allocate`; None when they are in memory only."""

    allocate: Allocate
    folder: Path | None


class EncodedCache:
    """The encoded tables of one workspace, as one plan makes them. `digest` is that of all a table's encoding depends on."""

    def __init__(self, folder: Path, digest: str) -> None:
        self._folder = folder
        self._digest = digest.removeprefix("sha256:")

    def find(self, fingerprint: str) -> tuple[CachedState, dict[str, npt.NDArray[Any]], Path] | None:
        """The state, the arrays by name (read-only, mapped) and the golden rows' file; None when there is nothing sound."""
        folder = self._place(fingerprint)
        if not (folder / STATE).is_file():
            return None
        try:
            state = msgspec.json.decode((folder / STATE).read_bytes(), type=CachedState)
            _check(folder, state)
            arrays = {name.removesuffix(".npy"): _map(folder / name) for name in state.files if name.endswith(".npy")}
        except (OSError, ValueError, msgspec.DecodeError) as error:
            _log.warning("the encoded data in %s are damaged and are made anew: %s", folder, error)
            shutil.rmtree(folder, ignore_errors=True)
            return None
        os.utime(folder / STATE)
        return state, arrays, folder / GOLDEN

    @contextmanager
    def filling(self) -> Iterator[Filling]:
        """Arrays to fill, in a temporary folder when the disk has room for them, else in memory."""
        staged = temporary_beside(self._folder / "encoded")
        try:
            staged.mkdir(parents=True)
        except OSError as error:
            _log.warning("encoded data are kept in memory only: cannot write %s: %s", self._folder, error.strerror)
            yield Filling(in_memory, None)
            return
        try:
            yield Filling(lambda name, shape, dtype: _mapped_or_in_memory(staged / f"{name}.npy", shape, dtype), staged)
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def publish(
        self, staged: Path, state: CachedState, arrays: Mapping[str, npt.NDArray[Any]], golden: pl.DataFrame
    ) -> Path | None:
        """Give a filled folder its name, and say where it is. When the disk refuses, a warning is all that is lost."""
        try:
            if any(not (staged / f"{name}.npy").is_file() for name in arrays):
                return None  # some did not fit
            golden.write_parquet(staged / GOLDEN)
            for array in arrays.values():
                if isinstance(array, np.memmap):
                    array.flush()
            files = {path.name: file_digest(path) for path in sorted(staged.iterdir())}
            write_durably(staged / STATE, msgspec.json.encode(msgspec.structs.replace(state, files=files)) + b"\n")
            place = self._place(state.fingerprint)
            if place.exists():
                shutil.rmtree(place, ignore_errors=True)
            staged.rename(place)
            self._prune()
        except (OSError, pl.exceptions.PolarsError) as error:
            _log.warning("encoded data are not kept for the next run: %s", error)
            return None
        return place

    def drop(self, fingerprint: str) -> None:
        """Forget the encoded data of this fingerprint."""
        shutil.rmtree(self._place(fingerprint), ignore_errors=True)

    def _place(self, fingerprint: str) -> Path:
        key = hashlib.sha256(f"{FORMAT}/{self._digest}/{fingerprint}".encode()).hexdigest()
        return self._folder / key

    def _prune(self) -> None:
        """Keep the most recently used; an array that someone maps outlives its file's name."""
        kept = sorted(self._folder.glob(f"*/{STATE}"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in kept[KEPT:]:
            shutil.rmtree(path.parent, ignore_errors=True)


def _check(folder: Path, state: CachedState) -> None:
    """Raise ValueError unless the files are those that were written."""
    changed = [name for name, digest in state.files.items() if file_digest(folder / name) != digest]
    if state.format != FORMAT or changed:
        raise ValueError(f"{', '.join(changed) or 'its format'} is not as it was written")


def in_memory(name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """An array of undefined content in memory."""
    del name
    return np.empty(shape, dtype)


def _mapped_or_in_memory(path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A mapped file whose blocks are reserved ahead: writing to a mapped file on a full disk would end the process."""
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    if not size:
        np.save(path, np.empty(shape, dtype))
        return np.empty(shape, dtype)
    array = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    try:
        if hasattr(os, "posix_fallocate"):  # not on macOS
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except OSError as error:
        _log.warning("encoded data are kept in memory: no room for %s: %s", path.name, error.strerror)
        del array
        path.unlink(missing_ok=True)
        return np.empty(shape, dtype)
    return array


def _map(path: Path) -> npt.NDArray[Any]:
    """A stored array; nothing can be mapped of an empty one."""
    try:
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:
        array = np.load(path, allow_pickle=False)
    return array
