"""The shipped registry backend passes the kit; backends that break the contract do not."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier, Event

import pytest

from ymltrain.api import path_problem
from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.builtin.registry.local_folder import LocalFolder
from ymltrain.testing.registry import WRITERS, RegistryKit


def filesystem(folder: Path) -> FilesystemRegistry:
    """A backend over this folder."""
    return FilesystemRegistry(FilesystemParams(url=str(folder)))


class TestFilesystemRegistry(RegistryKit):
    """The kit, over a local folder."""

    def make(self, folder: Path) -> FilesystemRegistry:
        return filesystem(folder)


class TestMemoryRegistry(RegistryKit):
    """The kit, over the memory of this process."""

    def make(self, folder: Path) -> FilesystemRegistry:
        return FilesystemRegistry(FilesystemParams(url=f"memory:/{folder}"))


class LooksBeforeItWrites(LocalFolder):
    """The race that fsspec's own create mode has: the name is looked up, then the file is written. Here all look first."""

    everyone_looked = Barrier(WRITERS)

    def put_if_absent(self, key: str, content: bytes) -> bool:
        file = self._file(key)
        if file.exists():
            return False
        self.everyone_looked.wait(timeout=60)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return True


class ClaimsThenFills(LocalFolder):
    """Exclusive, but visible before it is whole. Here the second half waits until someone read the first."""

    was_read = Event()

    def put_if_absent(self, key: str, content: bytes) -> bool:
        file = self._file(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb", buffering=0) as stream:
            stream.write(content[:1000])
            self.was_read.wait(timeout=60)
            stream.write(content[1000:])
        return True

    def read(self, key: str) -> bytes:
        content = super().read(key)
        self.was_read.set()
        return content


class TrustsKeys(LocalFolder):
    """Joins whatever it is given."""

    def _place(self, key: str) -> str:
        return f"{self._root}/{key}"


class ListsByText(LocalFolder):
    """Takes a folder for the beginning of a text."""

    def list(self, prefix: str, after: str = "") -> list[str]:
        found = [path.relative_to(self._root).as_posix() for path in self._root.rglob("*") if path.is_file()]
        return sorted(key for key in found if key.startswith(prefix) and key > after and not path_problem(key))


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (LooksBeforeItWrites, "test_one_of_many_writers_wins"),
        (ClaimsThenFills, "test_a_reader_never_sees_a_part"),
        (TrustsKeys, "test_refuses_unsafe_keys"),
        (ListsByText, "test_lists_sorted_keys_below_a_folder"),
    ],
)
def test_the_kit_finds_what_is_broken(broken: type[LocalFolder], test: str, tmp_path: Path) -> None:
    """A backend that breaks one promise fails the test of that promise."""

    class Kit(RegistryKit):
        def make(self, folder: Path) -> LocalFolder:
            return broken(folder)

    with pytest.raises(AssertionError):
        getattr(Kit(), test)(tmp_path)
