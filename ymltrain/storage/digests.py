"""Digests, always written `sha256:<64 hex digits>`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

if TYPE_CHECKING:
    from typing_extensions import Buffer

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
CHUNK = 1 << 22
TENSOR_DIGEST_DOMAIN = b"ymltrain tensors 1\n"


def bytes_digest(content: bytes) -> str:
    """The digest of a byte string."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def file_digest(path: Path) -> str:
    """The digest of a file's content."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def hashed_chunks(stream: BinaryIO, found: hashlib._Hash) -> Iterator[bytes]:
    """The content of a stream in pieces, each hashed into `found` while the caller is busy with it.

    The digest is complete when the last piece has been taken. Hashing runs in a thread beside, without Python's lock.
    """
    chunk = stream.read(CHUNK)
    if len(chunk) < CHUNK:
        found.update(chunk)
        if chunk:
            yield chunk
        return
    with ThreadPoolExecutor(1) as hasher:
        while chunk:
            hashing: Future[Any] = hasher.submit(found.update, chunk)
            yield chunk
            chunk = stream.read(CHUNK)
            hashing.result()


def is_digest(text: str) -> bool:
    """Whether a text is a digest as this module writes them."""
    return DIGEST.fullmatch(text) is not None


def tensor_digest(tensors: Mapping[str, tuple[str, Sequence[int], Buffer]]) -> str:
    """The digest of named arrays, whatever file they lie in: name -> (dtype, shape, contiguous little-endian buffer).

    Dtypes carry safetensors' names (F32, BF16, I64, BOOL…). Hashed are, after a line that names this format and
    in the order of the names, for each array the JSON line `[name,dtype,shape,bytes]` and then its bytes. So two
    models are the same exactly when their tensors are, which no digest of a file can promise: torch.save and
    safetensors' metadata differ from one writing to the next.
    """
    digest = hashlib.sha256(TENSOR_DIGEST_DOMAIN)
    for name in sorted(tensors):
        dtype, shape, buffer = tensors[name]
        content = memoryview(buffer)
        digest.update(msgspec.json.encode([name, dtype, list(shape), content.nbytes]) + b"\n")
        if content.nbytes:
            digest.update(content.cast("B"))
    return "sha256:" + digest.hexdigest()
