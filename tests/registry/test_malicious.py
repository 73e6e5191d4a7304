"""Bundles and registries made by an enemy: refused with a reason, nothing executed, nothing written outside."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ymltrain.diagnostics import RegistryError
from ymltrain.registry import Registry
from ymltrain.storage.safetensors_header import LONGEST_HEADER

from .tensors import safetensors

Bundle = Callable[..., Path]


class Bomb:
    """Unpickling it leaves a file behind."""

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, ("executed",))


def archive(content: bytes) -> bytes:
    """What torch.save makes: a zip with a pickle in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("archive/data.pkl", content)
    return buffer.getvalue()


def header(document: object, data: bytes = b"") -> bytes:
    """A safetensors file with this header."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return len(text).to_bytes(8, "little") + text + data


def tensor(begin: int, end: int, shape: tuple[int, ...] = (4,), dtype: str = "U8") -> dict[str, object]:
    """One entry of a header."""
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


WEIGHTS: dict[str, tuple[bytes, str]] = {
    "pickle": (pickle.dumps(Bomb()), "holds a pickle"),
    "pickle in an archive": (archive(pickle.dumps(Bomb())), "holds a pickle or an archive"),
    "empty": (b"", "header is cut off"),
    "header longer than the file": ((1 << 40).to_bytes(8, "little") + b"{}", "header is cut off"),
    "no JSON": (header(b"{" * 1000), "no JSON object"),
    "nested": (header(b'{"a":' * 100_000), "no JSON object"),
    "no object": (header([1, 2]), "no JSON object"),
    "name twice": (header(b'{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"w":{}}', b"1234"), "stands twice"),
    "overlap": (header({"a": tensor(0, 4), "b": tensor(2, 6)}, b"123456"), "overlaps another or leaves a gap"),
    "gap": (header({"a": tensor(0, 4), "b": tensor(5, 9)}, b"123456789"), "overlaps another or leaves a gap"),
    "beyond the end": (header({"a": tensor(0, 400, (400,))}, b"1234"), "end at byte 400 of 4"),
    "hidden tail": (header({"a": tensor(0, 4)}, b"1234" + b"hidden"), "end at byte 4 of 10"),
    "shape that lies": (header({"a": tensor(0, 4, (5,))}, b"1234"), "4 bytes for U8"),
    "negative": (header({"a": tensor(0, 4, (-2, -2))}, b"1234"), "describes a tensor that cannot be"),
    "unknown dtype": (header({"a": tensor(0, 4, (1,), "OBJECT")}, b"1234"), "describes a tensor that cannot be"),
}


@pytest.mark.parametrize("what", WEIGHTS)
def test_weights_that_are_none(
    registry: Registry, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Whatever is named weights.safetensors is judged before it is stored; nothing is unpickled."""
    monkeypatch.chdir(tmp_path)
    folder = bundle()
    content, why = WEIGHTS[what]
    (folder / "weights.safetensors").write_bytes(content)
    with pytest.raises(RegistryError, match=why) as refused:
        registry.register(folder, model="m")
    assert refused.value.code == "YT958"
    assert registry.list_models() == []
    assert not (tmp_path / "executed").exists()


def test_a_huge_header(registry: Registry, bundle: Bundle) -> None:
    """A header longer than safetensors allows is refused by its length, and not read."""
    folder = bundle()
    with (folder / "weights.safetensors").open("wb") as file:
        file.write((LONGEST_HEADER + 1).to_bytes(8, "little"))
        file.truncate(LONGEST_HEADER + 100)
    with pytest.raises(RegistryError, match=f"{LONGEST_HEADER} are allowed"):
        registry.register(folder, model="m")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("data/golden.parquet", pickle.dumps(Bomb()), "holds a pickle"),
        ("data/golden.parquet", b"text", "no Parquet file"),
        ("notes.txt", pickle.dumps(Bomb(), protocol=2), "holds a pickle"),
        ("extra.json", b"{" * 5, "no JSON"),
        ("extra.json", b"[" * 1_000_000, "no JSON"),
        ("extra.json", archive(b""), "holds a pickle or an archive"),
        ("weights.pkl", b"", "not a kind of file"),
        ("model.py", b"import os", "not a kind of file"),
        ("plugin.so", b"\x7fELF", "not a kind of file"),
        ("contr\N{CYRILLIC SMALL LETTER A}ct.json", b"{}", "beyond ASCII"),
        ("we\N{ZERO WIDTH JOINER}ights.safetensors", safetensors(b"1"), "invisible character"),
        ("a\\b.json", b"{}", "holds one of"),
        ("c:evil.json", b"{}", "holds one of"),
        ("CON.json", b"{}", "device on Windows"),
        ("dir. /x.json", b"{}", "a space|a dot"),
    ],
)
def test_files_that_do_not_belong(registry: Registry, bundle: Bundle, name: str, content: bytes, why: str) -> None:
    """A file of a wrong kind, with wrong content or a name that could mislead is refused before anything is committed."""
    folder = bundle()
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    with pytest.raises(RegistryError, match=why) as refused:
        registry.register(folder, model="m")
    assert refused.value.code == "YT958"
    assert registry.list_models() == []


@pytest.mark.parametrize("target", ["/etc/passwd", "../../outside.json", "contract.json"])
def test_links_in_a_bundle(registry: Registry, bundle: Bundle, tmp_path: Path, target: str) -> None:
    """No symbolic link is followed, to wherever it leads, file or folder."""
    (tmp_path / "outside.json").write_text("{}")
    folder = bundle()
    for name in ("link.json", "data/link"):
        (folder / name).symlink_to(target)
        with pytest.raises(RegistryError, match="symbolic link"):
            registry.register(folder, model="m")
        (folder / name).unlink()
