"""Files that appear whole or not at all, and outlive a power cut.

Each is written beside its place under a temporary name, flushed to disk, and then given its name in one
step. A killed writer leaves at most a file whose name starts with `TEMPORARY_PREFIX`, which nothing reads.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from ymltrain.storage.digests import hashed_chunks

TEMPORARY_PREFIX = ".tmp-"
COPY_CHUNK = 1 << 20


def write_durably(path: Path, content: bytes) -> None:
    """Create or replace a small file; a reader sees the old content or the new, never a part."""
    with _staged(path, io.BytesIO(content)) as staged:
        staged.replace(path)
        _flush_folder(path.parent)


def create_exclusively(path: Path, content: bytes) -> bool:
    """Create a file unless its name is taken. Of any number of writers exactly one gets True.

    Whichever it returns, the file under that name is whole and durable.
    """
    return _create(path, io.BytesIO(content))


def copy_exclusively(source: Path, path: Path) -> bool:
    """As `create_exclusively`, with the content of another file."""
    with source.open("rb") as stream:
        return _create(path, stream)


def store_by_digest(source: Path, staging: Path, place_of: Callable[[str], Path]) -> tuple[str, int, bool]:
    """Copy a file to where its digest (`sha256:…`) places it, in one pass: the digest, the size, whether it was created.

    `staging` is a folder on the same file system. What is hashed is what is written, so a file that changes meanwhile
    is stored under the digest of what was read of it.
    """
    _make_folder(staging)
    temporary = staging / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    found, size = hashlib.sha256(), 0
    try:
        with source.open("rb", buffering=0) as stream, temporary.open("xb", buffering=0) as file:
            for chunk in hashed_chunks(stream, found):
                size += _write_all(file, chunk)
            os.fsync(file.fileno())
        path = place_of(f"sha256:{found.hexdigest()}")
        _make_folder(path.parent)
        created = _link(temporary, path)
        _flush_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return f"sha256:{found.hexdigest()}", size, created


def move_durably(path: Path, to: Path) -> None:
    """Rename a file, replacing what has the name. Raises FileNotFoundError."""
    _make_folder(to.parent)
    path.replace(to)
    _flush_folder(to.parent)
    _flush_folder(path.parent)


def temporary_beside(path: Path) -> Path:
    """An unused temporary name in the folder of `path`, so that a rename stays on one file system."""
    return path.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")


def _write_all(file: BinaryIO, chunk: bytes) -> int:
    """Write all of a piece: an unbuffered file may take a part of it."""
    view = memoryview(chunk)
    while view:
        view = view[file.write(view) :]
    return len(chunk)


def _create(path: Path, stream: BinaryIO) -> bool:
    created = False
    if not path.exists():
        with _staged(path, stream) as staged:
            created = _link(staged, path)
    _flush_folder(path.parent)
    return created


def _link(staged: Path, path: Path) -> bool:
    """Give `staged` its final name; link(2), unlike rename(2), fails when that name is taken."""
    try:
        os.link(staged, path)
    except OSError as error:
        # Over NFS the answer to a link that was made can be lost and the retry fail; the link count tells (open(2)).
        if staged.stat().st_nlink == 2:
            return True
        if isinstance(error, FileExistsError):
            return False
        raise
    return True


@contextmanager
def _staged(path: Path, stream: BinaryIO) -> Iterator[Path]:
    """A flushed temporary file with the stream's content in the folder of `path`, gone at the end."""
    _make_folder(path.parent)
    temporary = temporary_beside(path)
    try:
        with temporary.open("xb") as file:
            shutil.copyfileobj(stream, file, COPY_CHUNK)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    missing = list(takewhile(lambda ancestor: not ancestor.exists(), (folder, *folder.parents)))
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        _flush_folder(made.parent)


def _flush_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can: Windows has no such call, some mounts refuse it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
