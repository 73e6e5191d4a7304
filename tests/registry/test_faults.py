"""Storage that fails: what happened is told, and a lost answer never makes a second version."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.diagnostics import RegistryError
from ymltrain.registry import Registry

Bundle = Callable[..., Path]


FAULTS = st.lists(st.sampled_from(["none", "refused", "answer lost", "retried below"]), max_size=4)


@settings(deadline=None)
@given(st.lists(FAULTS, min_size=1, max_size=5))
def test_whatever_answers_are_lost(memory: type, folder: Path, schedule: list[list[str]]) -> None:
    """Each registration, repeated by its caller until it is acknowledged, makes exactly one version."""
    backend = memory()
    registry = Registry(backend)
    for number, faults in enumerate(schedule, start=1):
        backend.faults = list(faults)
        while True:
            with suppress(RegistryError):
                version = registry.register(folder, model="m", write_id=f"write-{number}")
                break
        backend.faults = []
        assert version.version == number
    assert len(registry.show("m").versions) == len(schedule)


@pytest.mark.parametrize("fault", ["answer lost", "retried below"])
def test_a_lost_answer_is_found_again(memory: type, folder: Path, fault: str) -> None:
    """When the put was made and its answer lost, the caller gets the version, not an error."""
    backend = memory()
    backend.faults = [fault]
    assert Registry(backend).register(folder, model="m").version == 1
    assert len(Registry(backend).show("m").versions) == 1


def test_storage_that_stays_away(memory: type, folder: Path) -> None:
    """After a few tries that were not made the error says that nothing is lost."""
    backend = memory()
    backend.faults = ["refused"] * 3
    with pytest.raises(
        RegistryError, match=r"cannot write to the registry in memory://test-[0-9]+: Connection timed out"
    ) as refused:
        Registry(backend).register(folder, model="m")
    assert refused.value.code == "YT954"
    assert Registry(backend).list_models() == []


def test_an_unknown_outcome_is_said_to_be_unknown(memory: type, folder: Path) -> None:
    """When the answer is lost and the log cannot be read back, the error says so and names the write id to repeat with."""
    backend = memory()
    registry = Registry(backend)
    registry.register(folder, model="m")
    backend.faults = ["answer lost", "unreadable"]
    with pytest.raises(RegistryError, match='whether write write-id-2 to model "m" was committed is not known') as unknown:
        registry.register(folder, model="m", write_id="write-id-2")
    assert unknown.value.code == "YT957"
    backend.faults = []
    assert registry.register(folder, model="m", write_id="write-id-2").version == 2
    assert len(registry.show("m").versions) == 2


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder every user can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """The effective rights of an ordinary user, since root may write anywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_a_read_only_registry(public_folder: Path, request: pytest.FixtureRequest) -> None:
    """Who may only read can read all, and is told which folder refuses when writing."""
    bundle, root, cache = public_folder / "bundle", public_folder / "registry", public_folder / "cache"
    for folder in (bundle, cache):
        folder.mkdir()
    (bundle / "contract.json").write_text("{}")
    registry = Registry(FilesystemRegistry(FilesystemParams(url=str(root))))
    version = registry.register(bundle, model="m")
    cache.chmod(0o777)
    for folder in [root, *filter(Path.is_dir, root.rglob("*"))]:
        folder.chmod(0o555)
    request.getfixturevalue("ordinary_user")
    before = sorted(root.rglob("*"))
    for call in (
        lambda: registry.register(bundle, model="m"),
        lambda: registry.register(bundle, model="other"),
        lambda: registry.set_alias("m", "champion", 1),
    ):
        with pytest.raises(RegistryError, match=f"cannot write to the registry in {root}: Permission denied") as refused:
            call()
        assert refused.value.code == "YT954"
        assert "ask its owner" in refused.value.hint
    assert registry.resolve("m@1") == version
    assert (registry.materialize(version, cache / "m") / "contract.json").read_text() == "{}"
    assert sorted(root.rglob("*")) == before


def test_a_registry_that_cannot_begin(tmp_path: Path, bundle: Bundle) -> None:
    """Where the folder of the registry is a file, the error names it."""
    (tmp_path / "registry").write_text("a file")
    registry = Registry(FilesystemRegistry(FilesystemParams(url=str(tmp_path / "registry"))))
    with pytest.raises(RegistryError, match=f"cannot write to the registry in {tmp_path}/registry"):
        registry.register(bundle(), model="m")


def test_a_link_out_of_the_registry(registry: Registry, bundle: Bundle, root: Path, tmp_path: Path) -> None:
    """A symbolic link planted in the registry is not followed out of it."""
    registry.register(bundle(), model="m")
    shutil.move(root / "models" / "m", tmp_path / "elsewhere")
    (root / "models" / "m").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RegistryError, match="symbolic link"):
        registry.show("m")
