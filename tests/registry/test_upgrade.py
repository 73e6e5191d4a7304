"""A registry as an earlier ymltrain wrote it: read as it is, written within its format, upgraded in place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.diagnostics import RegistryError
from ymltrain.plan.sections import Gate, Promote
from ymltrain.registry import Registry
from ymltrain.registry.fsck import check_registry
from ymltrain.registry.lineage import lineage_of
from ymltrain.registry.upgrade import upgrade_registry

FORMAT_1 = Path(__file__).with_name("format_1")
"""Written by the program as it was before format 2: four versions, three promotions, an alias set and taken away."""


@pytest.fixture
def old(tmp_path: Path) -> Registry:
    """A copy of that registry."""
    shutil.copytree(FORMAT_1, tmp_path / "registry")
    return Registry(FilesystemRegistry(FilesystemParams(url=str(tmp_path / "registry"))))


def test_it_is_read(old: Registry, tmp_path: Path) -> None:
    """Versions, aliases, gates and lineage are what they were, and nothing is written by reading."""
    state = old.show("prices")
    assert ([version.version for version in state.versions], state.aliases) == ([1, 2, 3], {"champion": 2})
    assert old.show("prices", at=datetime(2026, 3, 1, 15, tzinfo=UTC)).aliases == {"champion": 1}
    assert old.resolve("prices@champion").metrics == {"test/rmse": 8.0, "test/r2": 0.5}
    assert {link.type for link in lineage_of(old, old.resolve("prices@2")).made_from} == {"run", "data", "plan"}
    assert check_registry(old, datetime.now(UTC)) == []
    assert old.materialize(old.resolve("prices@2"), tmp_path / "out").is_dir()
    assert {path.relative_to(FORMAT_1) for path in FORMAT_1.rglob("*")} == {
        path.relative_to(tmp_path / "registry") for path in (tmp_path / "registry").rglob("*")
    }


def test_it_is_written_within_its_format(old: Registry, bundle: Callable[..., Path]) -> None:
    """What format 1 knows goes on working; what it does not know asks for the upgrade."""
    assert old.register(bundle(), model="prices").version == 4
    old.set_alias("prices", "canary", 4)
    rule = Promote(alias="champion", gates=(Gate(check="size", at_most=1e6),))
    assert old.promote("prices", 1, rule).promoted
    for call in (
        lambda: old.review("prices", 1, "approved"),
        lambda: old.protect("prices", "champion"),
        lambda: old.roll_back("prices", "champion"),
    ):
        with pytest.raises(RegistryError, match="has format 1, which knows no") as refused:
            call()
        assert (refused.value.code, "registry upgrade" in refused.value.hint) == ("YT956", True)


def test_it_is_upgraded(old: Registry, tmp_path: Path) -> None:
    """Every file that was there stays as it was but FORMAT.json; attestations are added; then all ops work."""
    assert upgrade_registry(old) == (1, 2)
    assert upgrade_registry(old) == (2, 2)
    root = tmp_path / "registry"
    assert json.loads((root / "FORMAT.json").read_text()) == {"format": "ymltrain-registry", "version": 2, "features": []}
    for path in (path for path in FORMAT_1.rglob("*") if path.is_file() and path.name != "FORMAT.json"):
        assert (root / path.relative_to(FORMAT_1)).read_bytes() == path.read_bytes()
    assert len(list(root.glob("attestations/sha256/*/*.json"))) == 4
    assert check_registry(old, datetime.now(UTC)) == []
    old.review("prices", 1, "approved")
    old.roll_back("prices", "champion")
    assert old.resolve("prices@champion").state == "approved"


def test_a_damaged_registry_is_not_upgraded(old: Registry, tmp_path: Path) -> None:
    """The number stays while anything is wrong."""
    (tmp_path / "registry/models/prices/log" / f"{2:020}.json").write_bytes(b"torn")
    with pytest.raises(RegistryError, match="damaged"):
        upgrade_registry(old)
    assert json.loads((tmp_path / "registry/FORMAT.json").read_text())["version"] == 1


def test_nothing_to_upgrade(registry: Registry) -> None:
    """Where no registry is, there is none to upgrade."""
    with pytest.raises(RegistryError, match="there is no registry"):
        upgrade_registry(registry)
