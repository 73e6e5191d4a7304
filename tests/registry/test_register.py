"""Registering a bundle, naming its version, and refusing what may not become one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from ymltrain.diagnostics import RegistryError
from ymltrain.plan.sections import Promote
from ymltrain.registry import Link, Made, Registry
from ymltrain.registry.events import SliceMetrics
from ymltrain.storage import bytes_digest

Bundle = Callable[..., Path]


def test_a_version_is_what_was_registered(registry: Registry, bundle: Bundle) -> None:
    """The first registration makes version 1, which carries all that was said about it."""
    version = registry.register(
        bundle(),
        model="diamonds",
        made=Made(
            run_id="01RUN",
            tensor_digest=bytes_digest(b"tensors"),
            metrics={"test/rmse": 605.25, "test/r2": float("nan")},
            goals={"test/rmse": "minimize"},
            links=(Link(type="plan", id="sha256:ab"),),
            evaluated_on="sha256:cd",
            promote=Promote(alias="champion"),
            slices=(SliceMetrics(name="cut = Fair", rows=3, metrics={"test/rmse": 9.5}),),
            baselines={"mean": {"test/rmse": 4000.0}},
        ),
        write_id="write-id-1",
    )
    assert version == registry.resolve("diamonds@1") == registry.resolve(f"diamonds@{version.digest}")
    shown = msgspec.json.decode(msgspec.json.encode(registry.show("diamonds")))
    assert shown == {
        "name": "diamonds",
        "versions": [
            {
                "model": "diamonds",
                "version": 1,
                "digest": version.digest,
                "tensor_digest": bytes_digest(b"tensors"),
                "run_id": "01RUN",
                "metrics": {"test/rmse": 605.25, "test/r2": None},
                "lineage": {},
                "aliases": [],
                "created": "2026-11-22T12:00:00Z",
                "actor": "ada",
                "state": "candidate",
                "review": "candidate",
                "reason": "",
                "description": "",
                "tags": {},
                "links": [{"type": "plan", "id": "sha256:ab"}],
                "size": 93,
                "evaluated_on": "sha256:cd",
                "goals": {"test/rmse": "minimize"},
                "promote": {"alias": "champion", "gates": []},
                "slices": [{"name": "cut = Fair", "rows": 3, "metrics": {"test/rmse": 9.5}}],
                "baselines": {"mean": {"test/rmse": 4000.0}},
            }
        ],
        "aliases": {},
        "positions": {},
        "protected": [],
        "description": "",
        "tags": {},
        "unknown_ops": [],
    }


def test_what_lies_on_disk(registry: Registry, bundle: Bundle, root: Path) -> None:
    """One format file, one blob per content, one event: the layout other programs may read."""
    version = registry.register(bundle(), model="m", write_id="write-id-1")
    blobs = {path.name: path.read_bytes() for path in root.glob("blobs/sha256/*/*")}
    for name, content in blobs.items():
        assert bytes_digest(content) == f"sha256:{name}"
        assert (root / "blobs" / "sha256" / name[:2] / name).is_file()
    manifest = json.loads(blobs[version.digest.removeprefix("sha256:")])
    assert manifest["manifest"] == 1
    assert [(file["path"], file["size"], file["media_type"]) for file in manifest["files"]] == [
        ("contract.json", 14, "application/json"),
        ("data/golden.parquet", 4, "application/vnd.apache.parquet"),
        ("weights.safetensors", 75, "application/vnd.safetensors"),
    ]
    assert {file["digest"].removeprefix("sha256:") for file in manifest["files"]} < set(blobs)
    assert json.loads((root / "FORMAT.json").read_text()) == {"format": "ymltrain-registry", "version": 2, "features": []}
    assert json.loads((root / "models/m/log/00000000000000000001.json").read_text()) == {
        "seq": 1,
        "write_id": "write-id-1",
        "prev_sha256": None,
        "at": "2026-11-22T12:00:00Z",
        "actor": "ada",
        "change": {"op": "register", "version": 1, "digest": version.digest, "size": 93},
    }


def test_equal_content_is_stored_once(registry: Registry, bundle: Bundle, root: Path) -> None:
    """Registering the same files again makes a new version with the same digest and no new blob."""
    first = registry.register(bundle(), model="m")
    blobs = sorted(root.glob("blobs/**/*"))
    second = registry.register(bundle(name="copy"), model="m")
    assert (second.version, second.digest) == (2, first.digest)
    assert sorted(root.glob("blobs/**/*")) == blobs
    assert registry.resolve(f"m@{first.digest}").version == 2


def test_a_repeated_write_registers_once(registry: Registry, bundle: Bundle) -> None:
    """The same write id gives the same version, though others wrote meanwhile and the bundle is gone."""
    first = registry.register(bundle(), model="m", write_id="write-id-1")
    registry.register(bundle(b"other", "other"), model="m")
    again = registry.register(Path("/gone"), model="m", write_id="write-id-1")
    assert again == first
    assert len(registry.show("m").versions) == 2


def test_a_write_id_stands_for_one_write(registry: Registry, bundle: Bundle) -> None:
    """A write id that was used for other tensors, or another kind of write, is refused."""
    registry.register(bundle(), model="m", made=Made(tensor_digest=bytes_digest(b"1")), write_id="write-id-1")
    with pytest.raises(RegistryError, match="used before") as refused:
        registry.register(bundle(), model="m", made=Made(tensor_digest=bytes_digest(b"2")), write_id="write-id-1")
    assert refused.value.code == "YT959"
    with pytest.raises(RegistryError, match="another kind of write"):
        registry.set_alias("m", "champion", 1, write_id="write-id-1")
    assert registry.show("m").aliases == {}


def test_list_models(registry: Registry, bundle: Bundle, root: Path) -> None:
    """All models with a log are listed, and nothing else that lies there."""
    assert registry.list_models() == []
    assert not root.exists()
    for name in ("b", "a"):
        registry.register(bundle(), model=name)
    (root / "models" / "Stray" / "log").mkdir(parents=True)
    (root / "models" / "Stray" / "log" / "00000000000000000001.json").touch()
    (root / "models" / "empty" / "log").mkdir(parents=True)
    (root / "models" / "note.txt").touch()
    assert registry.list_models() == ["a", "b"]


@pytest.mark.parametrize("name", ["..", "../x", "a/b", "Diamonds", "a..b", "d\N{CYRILLIC SMALL LETTER I}amonds", "m\n", "", "con"])
def test_unsafe_model_names(registry: Registry, bundle: Bundle, tmp_path: Path, name: str) -> None:
    """A name that could leave the registry or pass for another is refused everywhere, and nothing is written."""
    folder = bundle()
    before = sorted(tmp_path.rglob("*"))
    for call in (
        lambda: registry.register(folder, model=name),
        lambda: registry.show(name),
        lambda: registry.resolve(f"{name}@1"),
        lambda: registry.set_alias(name, "champion", 1),
    ):
        with pytest.raises(RegistryError) as refused:
            call()
        assert refused.value.code == "YT951"
        assert "a model name is" in refused.value.hint or "device" in refused.value.hint
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("reference", "code", "hint"),
    [
        ("diamonds", "YT951", "NAME@ALIAS"),
        ("diamonds@", "YT951", "NAME@ALIAS"),
        ("diamonds@v1", "YT951", "diamonds@1"),
        ("diamonds@0", "YT951", "an alias is"),
        ("diamonds@01", "YT951", "an alias is"),
        ("diamonds@sha256:abc", "YT951", "an alias is"),
        ("diamonds@a@b", "YT951", "an alias is"),
        ("diamonds@2", "YT952", "versions 1 to 1"),
        ("diamonds@champoin", "YT952", 'did you mean "champion"?'),
        (f"diamonds@{bytes_digest(b'')}", "YT952", "models show"),
        ("diamond@1", "YT952", 'did you mean "diamonds"?'),
    ],
)
def test_references_to_nothing(registry: Registry, bundle: Bundle, reference: str, code: str, hint: str) -> None:
    """A reference that names no version is an error that says what there is."""
    registry.register(bundle(), model="diamonds")
    registry.set_alias("diamonds", "champion", 1)
    with pytest.raises(RegistryError) as refused:
        registry.resolve(reference)
    assert refused.value.code == code
    assert hint in refused.value.hint


def test_unfit_bundles(registry: Registry, bundle: Bundle, tmp_path: Path, root: Path) -> None:
    """Links, pickles, colliding or unsafe paths, an empty folder and a missing one are refused before anything is committed."""
    cases: dict[str, Callable[[Path], object]] = {
        "symbolic link": lambda folder: (folder / "link.json").symlink_to("contract.json"),
        "special file": lambda folder: os.mkfifo(folder / "pipe.json"),
        "not a kind of file": lambda folder: (folder / "weights.pkl").write_bytes(b"\x80\x04."),
        "not a kind": lambda folder: (folder / "model.ckpt").touch(),
        "letter case": lambda folder: (folder / "Contract.json").touch(),
        "holds one of": lambda folder: (folder / "a:b.json").touch(),
        "no valid Unicode": lambda folder: (Path(os.fsdecode(bytes(folder) + b"/\xff.json"))).touch(),
        "unfinished": lambda folder: (folder / ".tmp-1.json").touch(),
    }
    for number, (why, spoil) in enumerate(cases.items()):
        folder = bundle(name=f"bad{number}")
        spoil(folder)
        with pytest.raises(RegistryError, match=why) as refused:
            registry.register(folder, model="m")
        assert refused.value.code == "YT958"
    (tmp_path / "empty").mkdir()
    for folder, why in ((tmp_path / "empty", "holds no files"), (tmp_path / "missing", "is not a folder")):
        with pytest.raises(RegistryError, match=why):
            registry.register(folder, model="m")
    assert registry.list_models() == []
    assert not (root / "blobs").exists()


@pytest.mark.parametrize("write_id", ["", "a/b/c/d/e/f", "x" * 129, "with space in it"])
def test_write_ids(registry: Registry, bundle: Bundle, write_id: str) -> None:
    """A write id is a plain token; an empty one is no request for a new one."""
    with pytest.raises(RegistryError, match="no write id"):
        registry.register(bundle(), model="m", write_id=write_id)
