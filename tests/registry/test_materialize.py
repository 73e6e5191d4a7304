"""Files come out of the registry as they went in, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ymltrain.diagnostics import RegistryError
from ymltrain.registry import Registry, Version
from ymltrain.registry.manifest import Manifest, ManifestFile, read_folder
from ymltrain.storage import bytes_digest

from .tensors import safetensors

Bundle = Callable[..., Path]


@pytest.fixture
def version(registry: Registry, bundle: Bundle) -> Version:
    """A registered version."""
    return registry.register(bundle(b"w" * 3_000_000), model="m")


def blob_of(root: Path, content: bytes) -> Path:
    """The file in which the registry keeps this content."""
    digest = bytes_digest(content).removeprefix("sha256:")
    return root / "blobs" / "sha256" / digest[:2] / digest


def files(folder: Path) -> dict[str, bytes]:
    """The content of every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_files_come_out(registry: Registry, bundle: Bundle, version: Version, tmp_path: Path) -> None:
    """Materializing gives the registered files, byte for byte, and leaves nothing beside the folder."""
    into = tmp_path / "cache" / "m"
    assert registry.materialize(version, into) == into
    assert files(into) == files(bundle(b"w" * 3_000_000))
    assert [path.name for path in into.parent.iterdir()] == ["m"]


def test_a_cache_is_used_again(registry: Registry, version: Version, tmp_path: Path, root: Path) -> None:
    """A folder that is whole is verified and kept; even the blobs may be out of reach then."""
    into = registry.materialize(version, tmp_path / "cache")
    before = {path: path.stat().st_mtime_ns for path in into.rglob("*")}
    blob_of(root, safetensors(b"w" * 3_000_000)).unlink()
    registry.materialize(version, into)
    assert {path: path.stat().st_mtime_ns for path in into.rglob("*")} == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "weights.safetensors").write_bytes(b"x" * 3_000_000),
        lambda folder: (folder / "weights.safetensors").unlink(),
        lambda folder: (folder / "weights.json").write_bytes(b"{}"),
    ],
    ids=["changed", "missing", "added"],
)
def test_a_spoilt_cache_is_refused(registry: Registry, version: Version, tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    """A folder that is not exactly the version is an error that names the file and says how to mend it."""
    into = registry.materialize(version, tmp_path / "cache")
    spoil(into)
    with pytest.raises(RegistryError, match=r"cache/weights\.(safetensors|json) is not what m@1 holds") as refused:
        registry.materialize(version, into)
    assert (refused.value.code, refused.value.hint.startswith(f"delete {into}")) == ("YT955", True)


@pytest.mark.parametrize(
    "damage", [b"", b"w" * 2_999_999, b"w" * 2_999_999 + b"v", b"w" * 3_000_001], ids=["empty", "short", "flipped", "long"]
)
def test_a_damaged_blob_is_refused(registry: Registry, version: Version, tmp_path: Path, root: Path, damage: bytes) -> None:
    """The error names the blob, the file it stands for and both digests; no folder appears."""
    blob = blob_of(root, safetensors(b"w" * 3_000_000))
    blob.write_bytes(damage)
    with pytest.raises(RegistryError) as refused:
        registry.materialize(version, tmp_path / "cache" / "m")
    assert refused.value.code == "YT955"
    for told in (str(blob), "weights.safetensors of m@1", bytes_digest(damage), bytes_digest(safetensors(b"w" * 3_000_000))):
        assert told in refused.value.message
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_missing_blob_is_refused(registry: Registry, version: Version, tmp_path: Path, root: Path) -> None:
    """A blob that is gone is named; no folder appears."""
    blob = blob_of(root, safetensors(b"w" * 3_000_000))
    blob.unlink()
    with pytest.raises(RegistryError, match="is missing") as refused:
        registry.materialize(version, tmp_path / "cache")
    assert str(blob) in refused.value.message
    assert not (tmp_path / "cache").exists()


def test_registering_finds_a_damaged_blob(registry: Registry, version: Version, bundle: Bundle, root: Path) -> None:
    """Content is not taken for stored because its name is there; once the bad blob is deleted, registering restores it."""
    blob = blob_of(root, safetensors(b"w" * 3_000_000))
    blob.write_bytes(b"damaged")
    with pytest.raises(RegistryError, match="is damaged"):
        registry.register(bundle(b"w" * 3_000_000), model="m")
    assert len(registry.show("m").versions) == 1
    blob.unlink()
    assert registry.register(bundle(b"w" * 3_000_000), model="m").version == 2
    assert blob.read_bytes() == safetensors(b"w" * 3_000_000)


def test_a_changed_manifest_is_refused(registry: Registry, version: Version, bundle: Bundle, tmp_path: Path, root: Path) -> None:
    """The manifest is content like any other: when it was edited, nothing it says is believed."""
    manifest = read_folder(bundle(b"w" * 3_000_000))
    blob_of(root, manifest.encode()).write_bytes(manifest.encode().replace(b"contract", b"contrast"))
    with pytest.raises(RegistryError, match="the manifest of m@1"):
        registry.materialize(version, tmp_path / "cache")


GOOD = ManifestFile(path="contract.json", digest=bytes_digest(b""), size=0, media_type="application/json")


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ((msgspec.structs.replace(GOOD, path="../escape.json"),), "has a segment"),
        ((msgspec.structs.replace(GOOD, path="/etc/escape.json"),), "absolute"),
        ((msgspec.structs.replace(GOOD, digest="sha256:../../../escape"),), "digest"),
        ((msgspec.structs.replace(GOOD, path="weights.pkl"),), "not a kind"),
        ((GOOD, GOOD), "letter case"),
        ((GOOD, msgspec.structs.replace(GOOD, path="contract.json/a.json")), "folder"),
        ((), "no files"),
    ],
)
def test_a_forged_manifest_is_refused(
    registry: Registry, tmp_path: Path, root: Path, files: tuple[ManifestFile, ...], why: str
) -> None:
    """A manifest that a stranger wrote, digest and all, is checked before anything is copied."""
    forged = Manifest(files=files).encode()
    blob = blob_of(root, forged)
    blob.parent.mkdir(parents=True)
    blob.write_bytes(forged)
    version = Version(
        model="m", version=1, digest=bytes_digest(forged), tensor_digest=None, run_id=None, metrics={}, lineage={}, aliases=(),
        created=None, actor="",
    )  # fmt: skip
    with pytest.raises(RegistryError, match=why):
        registry.materialize(version, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
    assert not list(tmp_path.rglob("escape*"))
