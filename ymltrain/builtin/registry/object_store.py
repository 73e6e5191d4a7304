"""A registry over a file system of fsspec: memory, or any other for a single writer.

fsspec's own exclusive mode looks first and writes then on most file systems, so it is trusted on none: a subclass
says how its storage creates a key exclusively, and without one the user must promise to be the only writer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from errno import EIO
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any, BinaryIO, ClassVar, cast

from ymltrain.api import PluginError, RegistryError, StoredFile, file_digest, hashed_chunks
from ymltrain.builtin.registry.keys import check_key, is_key

UPLOADS = 8
"""Files sent at once."""


class ObjectStore:
    """The contract of `RegistryBackend` over a file system that replaces a key as a whole."""

    def __init__(self, url: str, options: Mapping[str, Any], *, single_writer: bool = False) -> None:
        self._url = url.rstrip("/")
        self._options = dict(options)
        self._single_writer = single_writer

    def __str__(self) -> str:
        return self._url

    @property
    def single_writer(self) -> bool:
        return self._single_writer

    def put_if_absent(self, key: str, content: bytes) -> bool:
        check_key(key)
        if not self._single_writer:
            return self._create(key, content)
        if self.has(key):
            return False
        self.replace(key, content)
        return True

    def replace(self, key: str, content: bytes) -> None:
        with self._faults():
            self._fs.pipe_file(self._path(key), content)

    def read(self, key: str) -> bytes:
        with self._faults():
            return bytes(self._fs.cat_file(self._path(key)))

    def has(self, key: str) -> bool:
        with self._faults():
            return bool(self._fs.isfile(self._path(key)))

    def put_blobs(self, paths: Sequence[Path], key_of: Callable[[str], str]) -> Sequence[StoredFile]:
        with ThreadPoolExecutor(UPLOADS) as pool:
            return list(pool.map(lambda path: self._put_blob(path, key_of), paths))

    def _put_blob(self, path: Path, key_of: Callable[[str], str]) -> StoredFile:
        """The key must be known before the first byte goes out, so the file is hashed twice: before, and as it is sent."""
        digest = file_digest(path)
        key, size = key_of(digest), path.stat().st_size
        if self.has(key):
            return StoredFile(digest=digest, size=size, is_new=False)
        sent = hashlib.sha256()
        with self._faults(), path.open("rb") as source, self._fs.open(self._path(key), "wb") as target:
            for chunk in hashed_chunks(source, sent):
                target.write(chunk)
        if f"sha256:{sent.hexdigest()}" != digest:
            self.delete(key)
            raise OSError(EIO, "the file changed while it was being stored", str(path))
        return StoredFile(digest=digest, size=size, is_new=True)

    def open_blob(self, key: str) -> BinaryIO:
        path = self._path(key)
        with self._faults():
            return cast("BinaryIO", self._fs.open(path, "rb"))

    def list(self, prefix: str, after: str = "") -> Sequence[str]:
        if prefix:
            check_key(prefix)
        with self._faults():
            return sorted(key for key in self._keys(prefix, after) if key > after and is_key(key))

    def folders(self, prefix: str) -> Sequence[str]:
        start = f"{prefix}/" if prefix else ""
        below = (key.removeprefix(start) for key in self.list(prefix))
        return sorted({name.partition("/")[0] for name in below if "/" in name})

    def turn(self, folder: str) -> AbstractContextManager[None]:
        del folder
        return nullcontext()  # writers of a store do not see each other

    def modified(self, key: str) -> datetime:
        with self._faults():
            at: datetime = self._fs.modified(self._path(key))
        return at if at.tzinfo is not None else at.replace(tzinfo=UTC)

    def move(self, key: str, to: str) -> None:
        with self._faults():
            self._fs.cp_file(self._path(key), self._path(to))
            self._fs.rm_file(self._path(key))

    def delete(self, key: str) -> None:
        path = self._path(key)
        with self._faults():
            if self._fs.isfile(path):
                self._fs.rm_file(path)

    def sweep(self, before: datetime, *, remove: bool) -> Sequence[str]:
        del before, remove  # a key appears whole; there is nothing unfinished to see
        return []

    def _create(self, key: str, content: bytes) -> bool:
        raise PluginError(
            "YT950",
            f"{self._url}: how this storage creates a key exclusively is not known ({key}, {len(content)} bytes)",
            "write `single_writer: true`",
        )

    def _keys(self, prefix: str, after: str) -> Iterator[str]:
        del after
        root = self._root
        for path in self._fs.find(self._path(prefix) if prefix else root):
            yield str(path).removeprefix(root).lstrip("/")

    def _path(self, key: str) -> str:
        check_key(key)
        return f"{self._root}/{key}"

    @cached_property
    def _root(self) -> str:
        return str(self._fs._strip_protocol(self._url)).rstrip("/")  # noqa: SLF001 - fsspec's own word for it

    @cached_property
    def _fs(self) -> Any:
        import fsspec

        protocol = self._url.partition("://")[0]
        try:
            return fsspec.filesystem(protocol, use_listings_cache=False, **self._options)
        except (ImportError, ValueError) as error:
            raise PluginError("YT950", f"{self._url} cannot be opened: {error}", "install what its file system needs") from None

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Whatever a library below raises becomes an OSError, as the contract says."""
        try:
            yield
        except (OSError, PluginError, RegistryError):
            raise
        except Exception as error:
            raise OSError(EIO, f"{type(error).__name__}: {error}", self._url) from error


class MemoryStore(ObjectStore):
    """The memory of this process, for tests and notebooks. One thread at a time: fsspec's fails where others change it."""

    _lock: ClassVar[RLock] = RLock()

    def _create(self, key: str, content: bytes) -> bool:
        with self._faults():
            if self._fs.exists(self._path(key)):
                return False
            self._fs.pipe_file(self._path(key), content)
            return True

    @contextmanager
    def _faults(self) -> Iterator[None]:
        with self._lock, super()._faults():
            yield
