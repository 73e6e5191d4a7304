"""Files that appear whole or not at all, and outlive a power cut.

Each is written beside its place under a temporary name, flushed to disk, and then given its name in one
step. A killed writer leaves at most a file whose name starts with `TEMPORARY_PREFIX`, which nothing reads.

A registry writes many small files. Path objects would take it as long as the system takes, so names are texts here.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeAlias

from ymltrain.storage.digests import bytes_digest, hashed_chunks
from ymltrain.storage.reading import read_small

TEMPORARY_PREFIX = ".tmp-"
SMALL = 1 << 20
"""Bytes of a file that is read at once, so that it is known before anything is written."""

AnyPath: TypeAlias = str | os.PathLike[str]


def write_durably(path: AnyPath, content: bytes) -> None:
    """Create or replace a small file; a reader sees the old content or the new, never a part."""
    with _staged(path, content) as staged:
        os.replace(staged, path)
    _flush_folder(os.path.dirname(path))


def create_exclusively(path: AnyPath, content: bytes) -> bool:
    """Create a file unless its name is taken. Of any number of writers exactly one gets True.

    Whichever it returns, the file under that name is whole and durable.
    """
    created = False
    if not os.path.exists(path):
        with _staged(path, content) as staged:
            created = _link(staged, path)
    _flush_folder(os.path.dirname(path))
    return created


def store_by_digest(source: Path, staging: Path, place_of: Callable[[str], AnyPath]) -> tuple[str, int, bool]:
    """Copy a file to where its digest (`sha256:…`) places it, in one pass: the digest, the size, whether it was created.

    `staging` is a folder on the same file system. What is hashed is what is written, so a file that changes meanwhile
    is stored under the digest of what was read of it.
    """
    if source.stat().st_size <= SMALL:
        content = read_small(source)
        digest = bytes_digest(content)
        return digest, len(content), create_exclusively(place_of(digest), content)
    temporary = f"{staging}/{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    found, size = hashlib.sha256(), 0
    try:
        with source.open("rb", buffering=0) as stream, open(_new_file(temporary), "wb", buffering=0) as file:
            for chunk in hashed_chunks(stream, found):
                size += _write_all(file, chunk)
            os.fsync(file.fileno())
        path = place_of(f"sha256:{found.hexdigest()}")
        _make_folder(os.path.dirname(path))
        created = _link(temporary, path)
        _flush_folder(os.path.dirname(path))
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    return f"sha256:{found.hexdigest()}", size, created


def move_durably(path: AnyPath, to: AnyPath) -> None:
    """Rename a file, replacing what has the name. Raises FileNotFoundError."""
    _make_folder(os.path.dirname(to))
    os.replace(path, to)
    _flush_folder(os.path.dirname(to))
    _flush_folder(os.path.dirname(path))


def temporary_beside(path: Path) -> Path:
    """An unused temporary name in the folder of `path`, so that a rename stays on one file system."""
    return path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")


def _link(staged: str, path: AnyPath) -> bool:
    """Give `staged` its final name; link(2), unlike rename(2), fails when that name is taken."""
    try:
        os.link(staged, path)
    except OSError as error:
        # Over NFS the answer to a link that was made can be lost and the retry fail; the link count tells (open(2)).
        if os.stat(staged).st_nlink == 2:
            return True
        if isinstance(error, FileExistsError):
            return False
        raise
    return True


@contextmanager
def _staged(path: AnyPath, content: bytes) -> Iterator[str]:
    """A flushed temporary file with the content in the folder of `path`, gone at the end."""
    temporary = os.path.join(os.path.dirname(path), f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    try:
        with open(_new_file(temporary), "wb", buffering=0) as file:
            _write_all(file, content)
            os.fsync(file.fileno())
        yield temporary
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _new_file(path: str) -> int:
    """The descriptor of a new file, in a new folder where there is none. Raises FileExistsError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        return os.open(path, flags, 0o666)
    except FileNotFoundError:
        _make_folder(os.path.dirname(path))
        return os.open(path, flags, 0o666)


def _write_all(file: BinaryIO, chunk: bytes) -> int:
    """Write all of a piece: an unbuffered file may take a part of it."""
    view = memoryview(chunk)
    while view:
        view = view[file.write(view) :]
    return len(chunk)


def _make_folder(folder: str) -> None:
    """Make a folder and those above it, durably. Raises OSError where a file has the name of one."""
    if os.path.isdir(folder or "."):
        return
    _make_folder(os.path.dirname(folder))
    with suppress(FileExistsError):  # another writer was faster, or it is a file, which the next step finds out
        os.mkdir(folder)
    _flush_folder(os.path.dirname(folder))


def _flush_folder(folder: AnyPath) -> None:
    """Make the names in a folder durable, where the system can: Windows has no such call, some mounts refuse it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder or ".", os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
