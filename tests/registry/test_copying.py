"""A model goes to another registry with its whole history, once, and only where the two agree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.diagnostics import RegistryError
from ymltrain.registry import Registry
from ymltrain.registry.copying import copy_model
from ymltrain.registry.verify import verify_registry

Bundle = Callable[..., Path]


@pytest.fixture
def target(tmp_path: Path) -> Registry:
    """An empty registry elsewhere."""
    return Registry(FilesystemRegistry(FilesystemParams(url=str(tmp_path / "target"))), actor="bob")


def test_history_goes_along(registry: Registry, target: Registry, bundle: Bundle) -> None:
    """Versions, aliases, who and when arrive as they were; copying again copies what came since, and no blob twice."""
    registry.register(bundle(b"1"), model="m")
    registry.set_alias("m", "champion", 1)
    copied = copy_model(registry, target, "m")
    assert (copied.events, copied.blobs, copied.versions) == (2, 3, 1)
    assert target.show("m") == registry.show("m")
    registry.register(bundle(b"2"), model="m")
    copied = copy_model(registry, target, "m")
    assert (copied.events, copied.blobs) == (1, 1)
    assert target.events("m") == registry.events("m")
    assert copy_model(registry, target, "m").events == 0
    assert verify_registry(target).damage == []
    assert {path.name for path in Path(str(target.backend)).glob("attestations/sha256/*/*")} == {
        path.name for path in Path(str(registry.backend)).glob("attestations/sha256/*/*")
    }


def test_histories_that_differ(registry: Registry, target: Registry, bundle: Bundle) -> None:
    """Where both have events of their own, or the target has more, nothing is copied and the error says where they part."""
    registry.register(bundle(b"1"), model="m")
    copy_model(registry, target, "m")
    target.register(bundle(b"2"), model="m")
    with pytest.raises(RegistryError, match="has 1 events more than") as refused:
        copy_model(registry, target, "m")
    assert refused.value.code == "YT972"
    registry.register(bundle(b"3"), model="m")
    before = target.events("m")
    with pytest.raises(RegistryError, match="differ from event 2 on"):
        copy_model(registry, target, "m")
    assert target.events("m") == before


def test_damage_is_not_copied(registry: Registry, target: Registry, bundle: Bundle, root: Path) -> None:
    """A damaged blob ends the copy before its version is committed there."""
    registry.register(bundle(b"1"), model="m")
    version = registry.register(bundle(b"2"), model="m")
    file = next(file for file in registry.manifest(version).files if file.path == "weights.safetensors")
    (root / "blobs/sha256" / file.digest[7:9] / file.digest[7:]).write_bytes(b"damaged")
    with pytest.raises(RegistryError, match="is damaged"):
        copy_model(registry, target, "m")
    assert len(target.show("m").versions) == 1
    assert verify_registry(target).damage == []
