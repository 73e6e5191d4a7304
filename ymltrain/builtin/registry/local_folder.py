"""A registry in a folder: keys are files; a file gets its name by link(2), so creation is exclusive and never partial."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISDIR
from typing import BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ymltrain.api import (
    TEMPORARY_PREFIX,
    PluginError,
    RegistryError,
    StoredFile,
    create_exclusively,
    inside,
    move_durably,
    store_by_digest,
    write_durably,
)
from ymltrain.builtin.registry.keys import check_key, is_key
from ymltrain.builtin.registry.turns import turn

STAGING = "staging"


class LocalFolder:
    """The contract of `RegistryBackend` over one folder."""

    def __init__(self, root: Path, *, single_writer: bool = False) -> None:
        self._root = root
        self._root_text = str(root)
        self._single_writer = single_writer
        self._plain_folders: set[str] = set()

    @classmethod
    def at(cls, url: str, *, single_writer: bool = False) -> LocalFolder:
        """The folder that an absolute path or a file:// URL names. Raises PluginError for anything else."""
        parts = urlsplit(url)
        if "://" not in url:
            folder = Path(url)
        elif parts.netloc in ("", "localhost"):
            folder = Path(url2pathname(parts.path))
        else:
            raise PluginError(
                "YT950", f'registry url "{url}" names another machine', "write a path or a file:// URL of this machine"
            )
        if not folder.is_absolute() or "\0" in str(folder):
            raise PluginError(
                "YT950", f'registry url "{url}" is no absolute path', "write a path, or a URL such as file:///data/registry"
            )
        return cls(folder, single_writer=single_writer)

    def __str__(self) -> str:
        return str(self._root)

    @property
    def single_writer(self) -> bool:
        return self._single_writer

    def put_if_absent(self, key: str, content: bytes) -> bool:
        return create_exclusively(self._place(key), content)

    def replace(self, key: str, content: bytes) -> None:
        write_durably(self._place(key), content)

    def read(self, key: str) -> bytes:
        with open(self._place(key), "rb", buffering=0) as file:  # noqa: PTH123 - this runs for every event
            return file.readall()

    def has(self, key: str) -> bool:
        return os.path.isfile(self._place(key))  # noqa: PTH113 - this runs for every blob

    def put_blobs(self, paths: Sequence[Path], key_of: Callable[[str], str]) -> Sequence[StoredFile]:
        return [self._put_blob(path, key_of) for path in paths]  # a disk gains nothing from several at once, threads cost

    def open_blob(self, key: str) -> BinaryIO:
        return self._file(key).open("rb", buffering=0)

    def list(self, prefix: str, after: str = "") -> Sequence[str]:
        folder = self._file(prefix) if prefix else self._root
        return sorted(key for key in _files(str(folder), prefix, after) if key > after and is_key(key))

    def folders(self, prefix: str) -> Sequence[str]:
        folder = self._file(prefix) if prefix else self._root
        try:
            with os.scandir(folder) as entries:
                return sorted(entry.name for entry in entries if entry.is_dir() and is_key(entry.name))
        except FileNotFoundError:
            return []

    def turn(self, folder: str) -> AbstractContextManager[None]:
        return turn(self._place(folder))

    def modified(self, key: str) -> datetime:
        return datetime.fromtimestamp(self._file(key).stat().st_mtime, UTC)

    def move(self, key: str, to: str) -> None:
        move_durably(self._place(key), self._place(to))

    def delete(self, key: str) -> None:
        self._file(key).unlink(missing_ok=True)

    def sweep(self, before: datetime, *, remove: bool) -> Sequence[str]:
        found = []
        for path in _files(str(self._root), "", ""):
            file = self._root / path
            if file.name.startswith(TEMPORARY_PREFIX) and file.lstat().st_mtime < before.timestamp():
                found.append(path)
                if remove:
                    file.unlink(missing_ok=True)
        return sorted(found)

    def _put_blob(self, path: Path, key_of: Callable[[str], str]) -> StoredFile:
        digest, size, created = store_by_digest(path, self._root / STAGING, lambda digest: self._place(key_of(digest)))
        return StoredFile(digest=digest, size=size, is_new=created)

    def _file(self, key: str) -> Path:
        return Path(self._place(key))

    def _place(self, key: str) -> str:
        """Where a key lies. What is found to be a plain folder is not looked at again: this runs for every key."""
        check_key(key)
        path = f"{self._root_text}/{key}"
        folder = path.rpartition("/")[0]
        if folder not in self._plain_folders:
            place = len(self._root_text)
            while (place := path.find("/", place + 1)) != -1:
                if os.path.islink(path[:place]):  # noqa: PTH114
                    return self._checked(key)
            if os.path.isdir(folder):  # noqa: PTH112
                self._plain_folders.add(folder)
        return self._checked(key) if os.path.islink(path) else path  # noqa: PTH114

    def _checked(self, key: str) -> str:
        """A key on whose way a symbolic link lies: it may not lead out."""
        try:
            return str(inside(self._root, key))
        except ValueError as error:
            raise RegistryError("YT951", f"unsafe registry key: {error}", "a key is a relative path of plain segments") from None


def _files(folder: str, key: str, after: str) -> Iterator[str]:
    """The keys of all files below a folder, but for many that do not sort after `after`; `key` is the folder's own.

    Links to folders are not followed. A long log is asked for its end, so what comes before is passed over by name.
    """
    start = f"{key}/" if key else ""
    floor = after.removeprefix(start) if after.startswith(start) else ""
    way = floor.partition("/")[0]  # the one folder before `floor` that holds keys after it
    try:
        names = os.listdir(folder)  # noqa: PTH208 - a scan makes an object of each of thousands
    except (FileNotFoundError, NotADirectoryError):  # gone meanwhile, or a file has the folder's name
        return
    for name in [name for name in names if name > floor or name == way]:
        path = f"{folder}/{name}"
        if _is_folder(path):
            yield from _files(path, f"{start}{name}", after)
        else:
            yield f"{start}{name}"


def _is_folder(path: str) -> bool:
    try:
        return S_ISDIR(os.lstat(path).st_mode)
    except FileNotFoundError:
        return False
