"""A registry in a real folder, and bundles to register."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.builtin.registry.object_store import MemoryStore
from ymltrain.registry import Registry

from .tensors import safetensors

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the registry lies."""
    return tmp_path / "registry"


@pytest.fixture
def backend(root: Path) -> FilesystemRegistry:
    """The shipped backend over that folder."""
    return FilesystemRegistry(FilesystemParams(url=str(root)))


@pytest.fixture
def registry(backend: FilesystemRegistry) -> Registry:
    """A registry used by ada at noon."""
    return Registry(backend, actor="ada", clock=lambda: NOON)


@pytest.fixture
def bundle(tmp_path: Path) -> Callable[..., Path]:
    """Makes a bundle folder with these weights."""

    def make(weights: bytes = b"weights", name: str = "bundle") -> Path:
        folder = tmp_path / name
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / "contract.json").write_bytes(b'{"contract":1}')
        (folder / "weights.safetensors").write_bytes(safetensors(weights))
        (folder / "data" / "golden.parquet").write_bytes(b"PAR1")
        return folder

    return make


class Memory(MemoryStore):
    """A backend in memory, which can be made to fail, or to let others write at the worst moment.

    `faults` are what happens to the next puts into a log; `sneak_in` are writes done right before the next ones.
    """

    numbers = count()

    def __init__(self) -> None:
        super().__init__(f"memory://test-{next(self.numbers)}", {})
        self.faults: list[str] = []
        self.sneak_in: list[Callable[[], object]] = []

    def put_if_absent(self, key: str, content: bytes) -> bool:
        fault = "none"
        if "/log/" in key:
            if self.sneak_in:
                self.sneak_in.pop(0)()
            fault = self.faults.pop(0) if self.faults else "none"
        if fault == "refused":
            raise TimeoutError(110, "Connection timed out")
        created = super().put_if_absent(key, content)
        if fault == "answer lost":
            raise TimeoutError(110, "Connection timed out")
        return created and fault != "retried below"  # a library that repeats a put whose answer was lost finds its own

    def read(self, key: str) -> bytes:
        if self.faults and self.faults[0] == "unreadable" and "/log/" in key:
            raise TimeoutError(110, "Connection timed out")
        return super().read(key)


@pytest.fixture(scope="session")
def memory() -> type[Memory]:
    """The class of backends in memory."""
    return Memory


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small bundle that no test changes."""
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "contract.json").write_text("{}")
    return folder
