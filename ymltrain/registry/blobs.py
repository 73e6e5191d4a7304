"""Blobs: content under its own digest, so that it is stored once and can always be checked."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from ymltrain.diagnostics import RegistryError
from ymltrain.kinds.contracts import RegistryBackend
from ymltrain.storage import is_digest

CHUNK = 1 << 20


class Blobs:
    """The blobs of a registry. Everything read is verified to the last byte."""

    def __init__(self, backend: RegistryBackend) -> None:
        self._backend = backend

    def put(self, digest: str, content: bytes) -> None:
        """Store bytes under their digest, and verify what is stored, which another writer may have left there."""
        self._backend.put_if_absent(blob_key(digest), content)
        self.read(digest, what="a manifest")

    def put_file(self, digest: str, file: Path) -> None:
        """Store a file under the digest it had when it was looked at, and verify what is stored."""
        self._backend.put_blob(blob_key(digest), file)
        for _ in self.chunks(digest, what=str(file)):
            pass

    def read(self, digest: str, *, what: str) -> bytes:
        """The content of a small blob. Raises RegistryError when it is missing or damaged."""
        return b"".join(self.chunks(digest, what=what))

    def copy(self, digest: str, to: Path, *, what: str) -> None:
        """Write a blob's content to a new file. Raises RegistryError, after writing, when it was damaged."""
        with to.open("xb") as file:
            for chunk in self.chunks(digest, what=what):
                file.write(chunk)

    def chunks(self, digest: str, *, what: str) -> Iterator[bytes]:
        """The content in pieces; at the end RegistryError is raised unless they had that digest. `what` names it for a person."""
        key = blob_key(digest)
        found = hashlib.sha256()
        try:
            with self._backend.open_blob(key) as stream:
                while chunk := stream.read(CHUNK):
                    found.update(chunk)
                    yield chunk
        except FileNotFoundError:
            raise RegistryError(
                "YT955",
                f"{self._place(key)} ({what}) is missing",
                "restore it from a copy of the registry, or register the model again",
            ) from None
        if (is_now := f"sha256:{found.hexdigest()}") != digest:
            raise RegistryError(
                "YT955",
                f"{self._place(key)} ({what}) is damaged: its digest is {is_now}, but must be {digest}",
                "put back a good copy; or delete it and register a bundle that holds it",
            )

    def _place(self, key: str) -> str:
        return os.path.join(str(self._backend), key)  # noqa: PTH118 - a backend's place may be a URL, which Path would garble


def blob_key(digest: str) -> str:
    """The key of a blob: `blobs/sha256/ab/<64 hex digits>`. Raises RegistryError for what is no digest."""
    if not is_digest(digest):
        raise RegistryError(
            "YT955", f"{digest!r} is no digest", "the registry holds what ymltrain did not write; restore it from a copy"
        )
    hexadecimal = digest.removeprefix("sha256:")
    return f"blobs/sha256/{hexadecimal[:2]}/{hexadecimal}"
