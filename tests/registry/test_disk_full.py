"""A registry on a disk that is full: nothing is half committed, and with room again the same write goes through."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.diagnostics import RegistryError
from ymltrain.registry import Registry
from ymltrain.registry.verify import verify_registry

Bundle = Callable[..., Path]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of half a mebibyte, where this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk], check=False).returncode:
        pytest.skip("only who may mount a small disk can fill one")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk(small_disk: Path, bundle: Bundle) -> None:
    """The error says that there is no space; every version told of is whole, and repeating goes on once there is room."""
    registry = Registry(FilesystemRegistry(FilesystemParams(url=str(small_disk / "registry"))))
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(100_000))
    told: list[int] = []

    def fill() -> None:
        while True:
            told.append(registry.register(bundle(os.urandom(30_000)), model="m", write_id=f"write-{len(told)}").version)

    with pytest.raises(RegistryError, match="No space left on device") as refused:
        fill()
    assert refused.value.code == "YT954"
    assert "free some space and repeat" in refused.value.hint
    assert told == list(range(1, len(told) + 1))
    assert len(registry.show("m").versions) == len(told)
    assert verify_registry(registry).damage == []
    ballast.unlink()
    assert registry.register(bundle(b"after"), model="m", write_id=f"write-{len(told)}").version == len(told) + 1
    assert verify_registry(registry).damage == []
    assert not list((small_disk / "registry").rglob(".tmp-*"))
