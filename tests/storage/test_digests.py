"""Digests of bytes, files and tensors."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymltrain.storage import bytes_digest, file_digest, is_digest, tensor_digest

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_bytes_and_file_agree(tmp_path: Path) -> None:
    """A file has the digest of its bytes, which is SHA-256."""
    (tmp_path / "file").write_bytes(b"content")
    assert file_digest(tmp_path / "file") == bytes_digest(b"content") == "sha256:" + hashlib.sha256(b"content").hexdigest()
    assert bytes_digest(b"") == EMPTY


@pytest.mark.parametrize(
    "text", ["", "sha256:", EMPTY[:-1], EMPTY + "0", EMPTY + "\n", EMPTY.upper(), EMPTY.replace("sha256:", "md5:")]
)
def test_what_is_no_digest(text: str) -> None:
    """Only the exact form counts."""
    assert is_digest(EMPTY)
    assert not is_digest(text)


def f32(*values: float) -> np.ndarray:
    """A float32 array."""
    return np.array(values, dtype=np.float32)


def test_tensor_digest_is_fixed() -> None:
    """The digest of a given set of tensors never changes; it is the SHA-256 of the format line, headers and bytes."""
    tensors = {
        "b": ("F32", (2,), f32(1, 2)),
        "a": ("I64", (), np.array(7, dtype=np.int64)),
        "c": ("F32", (0, 3), np.zeros((0, 3), np.float32)),
    }
    expected = hashlib.sha256(
        b'ymltrain tensors 1\n["a","I64",[],8]\n'
        + (7).to_bytes(8, "little")
        + b'["b","F32",[2],8]\n'
        + bytes.fromhex("0000803f00000040")
        + b'["c","F32",[0,3],0]\n'
    )
    assert tensor_digest(tensors) == "sha256:" + expected.hexdigest()


@given(st.permutations(["x", "y", "z"]))
def test_tensor_digest_ignores_order(order: list[str]) -> None:
    """The order in which tensors are given does not count."""
    tensors = {name: ("F32", (1,), f32(index)) for index, name in enumerate("xyz")}
    assert tensor_digest({name: tensors[name] for name in order}) == tensor_digest(tensors)


@pytest.mark.parametrize(
    "other",
    [
        {"w": ("F32", (4,), f32(1, 2, 3, 4))},
        {"w": ("I32", (2, 2), f32(1, 2, 3, 4))},
        {"v": ("F32", (2, 2), f32(1, 2, 3, 4))},
        {"w": ("F32", (2, 2), f32(1, 2, 3, 5))},
        {"w": ("F32", (1, 2), f32(1, 2)), "w2": ("F32", (1, 2), f32(3, 4))},
        {},
    ],
)
def test_tensor_digest_tells_apart(other: dict) -> None:
    """Another name, dtype, shape, value or number of tensors is another digest."""
    assert tensor_digest(other) != tensor_digest({"w": ("F32", (2, 2), f32(1, 2, 3, 4))})


def test_tensor_digest_takes_bytes_and_arrays() -> None:
    """What carries the bytes does not count: an array of two dimensions, or its bytes."""
    array = f32(1, 2, 3, 4).reshape(2, 2)
    assert tensor_digest({"w": ("F32", (2, 2), array)}) == tensor_digest({"w": ("F32", (2, 2), array.tobytes())})


def test_tensor_digest_refuses_strided_memory() -> None:
    """Memory that is not contiguous is refused rather than hashed in some order."""
    with pytest.raises((TypeError, BufferError)):
        tensor_digest({"w": ("F32", (2, 2), f32(1, 2, 3, 4).reshape(2, 2).T)})
