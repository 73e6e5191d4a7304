"""Damage of every kind is found and named; what can be mended is; what is not used goes, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.diagnostics import RegistryError
from ymltrain.registry import Registry
from ymltrain.registry.copying import copy_model
from ymltrain.registry.damage import Damage
from ymltrain.registry.fsck import check_registry
from ymltrain.registry.gc import collect_garbage
from ymltrain.registry.lineage import lineage_of
from ymltrain.registry.verify import verify_registry, verify_versions

Bundle = Callable[..., Path]


@pytest.fixture
def filled(registry: Registry, bundle: Bundle, root: Path) -> Path:
    """The folder of a registry with two models, three versions, an alias and checkpoints."""
    registry.register(bundle(b"one"), model="m")
    registry.register(bundle(b"two"), model="m")
    registry.register(bundle(b"two"), model="other")
    registry.set_alias("m", "champion", 2)
    registry.log("m").save_checkpoints()
    return root


def fresh(folder: Path) -> Registry:
    """Another process's view."""
    return Registry(FilesystemRegistry(FilesystemParams(url=str(folder))))


def losses(folder: Path, **more: object) -> list[Damage]:
    """What fsck says is lost."""
    return [found for found in check_registry(fresh(folder), datetime.now(UTC), **more) if found.is_loss and not found.repaired]


def files_of(root: Path) -> list[Path]:
    """Every file in which a registry keeps something that is needed."""
    return sorted(path for path in root.rglob("*") if path.is_file() and path.name not in ("head.json", "checkpoint.json"))


def test_a_whole_registry(filled: Path) -> None:
    """Everything is read, and nothing is wrong."""
    found = verify_registry(fresh(filled))
    assert (found.models, found.events, found.versions, found.damage) == (2, 4, 3, [])
    assert (found.blobs, found.size) == (4, 4 * 1 + found.size - 4)
    assert check_registry(fresh(filled), datetime.now(UTC)) == []


def test_a_flipped_bit_anywhere(filled: Path) -> None:
    """One bit of any blob, manifest, event, attestation or the format: `verify` names exactly that file."""
    random = Random(7)
    for path in files_of(filled):
        content = path.read_bytes()
        place = random.randrange(len(content))
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << random.randrange(8)]) + content[place + 1 :])
        found = verify_registry(fresh(filled)).damage
        key = path.relative_to(filled).as_posix()
        if "/log/" in key:  # an edited event is found at its own place, or where the next one names its digest
            following = f"{path.parent.relative_to(filled).as_posix()}/{int(path.stem) + 1:020}.json"
            is_last = not (filled / following).exists()
            assert is_last or {damage.key for damage in found} & {key, following}, f"{key} at {place}: {found}"
        else:
            assert {damage.key for damage in found} == {key}, f"{key} at {place}: {found}"
        path.write_bytes(content)


def test_every_kind_of_damage_has_its_name(filled: Path) -> None:
    """Each is told by kind and key, with the versions that suffer from it."""
    version = fresh(filled).resolve("m@2")
    blobs = {
        file.path: filled / "blobs/sha256" / file.digest[7:9] / file.digest[7:] for file in fresh(filled).manifest(version).files
    }
    manifest = filled / "blobs/sha256" / version.digest[7:9] / version.digest[7:]
    attestation = next((filled / "attestations/sha256").glob(f"*/{version.digest[7:]}.*"))
    log = filled / "models/m/log"
    cases: list[tuple[str, Path, Callable[[Path], object]]] = [
        ("blob_missing", blobs["weights.safetensors"], Path.unlink),
        ("blob_damaged", blobs["weights.safetensors"], lambda path: path.write_bytes(b"")),
        ("manifest", manifest, Path.unlink),
        ("manifest", manifest, lambda path: path.write_bytes(b"{}")),
        ("attestation", attestation, lambda path: path.write_bytes(b"{}")),
        ("attestation", attestation, lambda path: path.write_bytes(b"\xff")),
        ("event", log / f"{2:020}.json", lambda path: path.write_bytes(b"torn")),
        ("gap", log / f"{2:020}.json", Path.unlink),
        ("chain", log / f"{2:020}.json", lambda path: path.write_bytes((log / f"{1:020}.json").read_bytes())),
        ("format", filled / "FORMAT.json", lambda path: path.write_bytes(b"torn")),
        ("format", filled / "FORMAT.json", Path.unlink),
        ("hint", filled / "models/m/head.json", lambda path: path.write_bytes(b"torn")),
        ("hint", filled / "models/m/checkpoint.json", lambda path: path.write_bytes(b"torn")),
        ("stranger", filled / "notes.txt", lambda path: path.write_bytes(b"mine")),
        ("unused", filled / "blobs/sha256/ab" / f"ab{'0' * 62}", lambda path: (path.parent.mkdir(exist_ok=True), path.touch())),
    ]
    for kind, path, spoil in cases:
        content = path.read_bytes() if path.exists() else None
        spoil(path)
        found = check_registry(fresh(filled), datetime.now(UTC))
        assert (kind, path.relative_to(filled).as_posix()) in {(damage.kind, damage.key) for damage in found}, f"{kind}: {found}"
        if kind in ("blob_missing", "blob_damaged"):
            assert found[0].versions == ("m@2", "other@1")
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
    assert check_registry(fresh(filled), datetime.now(UTC)) == []


def test_one_version_is_verified(filled: Path, registry: Registry) -> None:
    """Damage of another version does not concern it."""
    file = next(file for file in registry.manifest(registry.resolve("m@1")).files if file.path == "weights.safetensors")
    (filled / "blobs/sha256" / file.digest[7:9] / file.digest[7:]).write_bytes(b"")
    assert verify_versions(fresh(filled), [registry.resolve("m@2")]).damage == []
    assert [damage.versions for damage in verify_versions(fresh(filled), [registry.resolve("m@1")]).damage] == [("m@1",)]


def test_repair_from_a_copy(filled: Path, tmp_path: Path) -> None:
    """Blobs, manifests, attestations and events come back byte for byte from a registry that has them."""
    copy = fresh(tmp_path / "copy")
    for name in ("m", "other"):
        copy_model(fresh(filled), copy, name)
    whole = {path: path.read_bytes() for path in files_of(filled)}
    for number, path in enumerate(whole):
        if number % 2 and "blobs" in path.parts:
            path.unlink()
        else:
            path.write_bytes(b"damaged")
    check_registry(fresh(filled), datetime.now(UTC), repair=True, copies=[copy])
    for _ in range(3):  # a log must be whole before its versions are known, and these before their files
        check_registry(fresh(filled), datetime.now(UTC), repair=True, copies=[copy])
    assert losses(filled) == []
    assert {path: path.read_bytes() for path in whole} == whole


def test_a_log_that_lost_its_end(filled: Path, tmp_path: Path) -> None:
    """A log that is shorter than when a checkpoint was made of it has lost events; a copy gives them back."""
    copy = fresh(tmp_path / "copy")
    copy_model(fresh(filled), copy, "m")
    last = filled / "models/m/log" / f"{3:020}.json"
    content = last.read_bytes()
    last.unlink()
    assert [(damage.kind, damage.key) for damage in losses(filled)] == [("gap", last.relative_to(filled).as_posix())]
    assert losses(filled, repair=True, copies=[copy]) == []
    assert last.read_bytes() == content


def test_repair_from_a_run(filled: Path, bundle: Bundle, registry: Registry) -> None:
    """Content is found again by its digest in any folder of bundles."""
    folder = bundle(b"one")
    for file in registry.manifest(registry.resolve("m@1")).files:
        (filled / "blobs/sha256" / file.digest[7:9] / file.digest[7:]).write_bytes(b"damaged")
    assert losses(filled, repair=True, folders=[folder]) == []
    assert losses(filled) == []


def test_what_no_copy_has_stays_lost(filled: Path) -> None:
    """Without another place nothing is invented: the damage is still there after a repair, and is said to be."""
    event = filled / "models/m/log" / f"{2:020}.json"
    event.write_bytes(b"torn")
    assert [damage.kind for damage in losses(filled, repair=True)] == ["event"]
    assert event.read_bytes() == b"torn"


def test_damaged_hints_do_no_harm(filled: Path) -> None:
    """Whatever a hint says, what is read is what the log says; a repair removes it."""
    expected = fresh(filled).show("m")
    for name in ("head.json", "checkpoint.json"):
        hint = filled / "models/m" / name
        whole = hint.read_bytes()
        for content in (b"", b"torn", whole[:-1], whole.replace(b'"champion"', b'"champiox"')):
            hint.write_bytes(content)
            assert fresh(filled).show("m") == expected
            assert fresh(filled).resolve("m@champion") == expected.numbered(2)
        check_registry(fresh(filled), datetime.now(UTC), repair=True)
        assert not hint.exists()


def test_a_hint_of_another_log(filled: Path, registry: Registry, bundle: Bundle) -> None:
    """A hint left behind by a log that was replaced is passed over."""
    hints = {name: (filled / "models/m" / name).read_bytes() for name in ("head.json", "checkpoint.json")}
    for event in (filled / "models/m/log").iterdir():
        event.unlink()
    fresh(filled).register(bundle(b"three"), model="m")
    for name, content in hints.items():
        (filled / "models/m" / name).write_bytes(content)
    assert len(fresh(filled).show("m").versions) == 1
    with pytest.raises(RegistryError, match="no alias"):
        fresh(filled).resolve("m@champion")


def age(path: Path, days: float) -> None:
    """Make a file as old as that."""
    then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    os.utime(path, (then, then))


def test_garbage(filled: Path, registry: Registry, bundle: Bundle) -> None:
    """Content nothing refers to is listed once it is old, deleted only when asked; what is used stays, yanked or not."""
    registry.yank("m", 1, reason="leak")
    stored = registry.store(bundle(b"never registered"))
    own = filled / "blobs/sha256" / stored.digest[7:9] / stored.digest[7:]
    leftover = filled / "staging" / ".tmp-0123456789abcdef"
    leftover.parent.mkdir(exist_ok=True)
    leftover.write_bytes(b"half")
    now = datetime.now(UTC)
    assert collect_garbage(registry, now).unused == ()
    assert collect_garbage(registry, now).young == 2
    before = files_of(filled)
    found = collect_garbage(registry, now + timedelta(days=8))
    assert own.relative_to(filled).as_posix() in found.unused
    assert (len(found.unused), found.unfinished, found.deleted) == (2, ("staging/.tmp-0123456789abcdef",), False)
    assert files_of(filled) == before
    found = collect_garbage(registry, now + timedelta(days=8), delete=True)
    assert (len(found.unused), found.restored) == (2, ())
    assert not own.exists()
    assert not leftover.exists()
    assert verify_registry(fresh(filled)).damage == []
    assert check_registry(fresh(filled), datetime.now(UTC)) == []


def test_garbage_that_is_used_meanwhile(filled: Path, registry: Registry, bundle: Bundle) -> None:
    """A version committed while its content lies aside is whole at the end: the collection puts it back, or the writer does."""
    folder = bundle(b"late")
    late = registry.store(folder)

    class CommitsBetween(FilesystemRegistry):
        """A store in which somebody registers right after the collection has moved everything aside."""

        def list(self, prefix: str, after: str = "") -> list[str]:
            if prefix == "trash" and (filled / "trash").exists() and not registry.show("m").versions[2:]:
                registry.register(folder, model="m")
            return list(super().list(prefix, after))

    collector = Registry(CommitsBetween(FilesystemParams(url=str(filled))))
    collect_garbage(collector, datetime.now(UTC) + timedelta(days=8), delete=True)
    assert registry.resolve("m@3").digest == late.digest
    assert verify_registry(fresh(filled)).damage == []


def test_a_killed_collection(filled: Path, registry: Registry) -> None:
    """What a killed collection left aside and a version needs is put back by the next one."""
    file = registry.manifest(registry.resolve("m@1")).files[0]
    key = f"blobs/sha256/{file.digest[7:9]}/{file.digest[7:]}"
    registry.backend.move(key, f"trash/{key}")
    assert len(losses(filled)) == 1
    collect_garbage(registry, datetime.now(UTC), delete=True)
    assert losses(filled) == []
    assert not (filled / "trash" / key).exists()


def test_no_garbage_without_whole_logs(filled: Path, registry: Registry) -> None:
    """While a log cannot be read whole, nothing is known to be unused, and nothing is deleted."""
    (filled / "models/other/log" / f"{1:020}.json").write_bytes(b"torn")
    before = files_of(filled)
    with pytest.raises(RegistryError, match="damaged"):
        collect_garbage(fresh(filled), datetime.now(UTC) + timedelta(days=30), delete=True)
    assert files_of(filled) == before


def test_attestations_of_the_first_registries(filled: Path) -> None:
    """A folder for each version, as once written, is read, verified and not taken for garbage."""
    version = fresh(filled).resolve("m@2")
    digest = version.digest[7:]
    (path,) = (filled / "attestations/sha256").glob(f"*/{digest}.*")
    old = filled / "attestations/sha256" / digest / path.name.partition(".")[2]
    old.parent.mkdir()
    path.rename(old)
    assert lineage_of(fresh(filled), version).attestations == (str(old.relative_to(filled)),)
    assert verify_registry(fresh(filled)).damage == []
    assert collect_garbage(fresh(filled), datetime.now(UTC) + timedelta(days=30)).unused == ()
    old.write_bytes(b"{}")
    assert {damage.kind for damage in verify_registry(fresh(filled)).damage} == {"attestation"}
