"""Blobs: content under its own digest, so that it is stored once and can always be checked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ymltrain.diagnostics import RegistryError
from ymltrain.kinds.contracts import RegistryBackend, StoredFile
from ymltrain.storage import hashed_chunks, is_digest


class Blobs:
    """The blobs of a registry. Everything read is verified to the last byte."""

    def __init__(self, backend: RegistryBackend) -> None:
        self._backend = backend

    def put(self, digest: str, content: bytes) -> None:
        """Store bytes under their digest; where another writer was first, what is there is verified."""
        if not self._backend.put_if_absent(blob_key(digest), content):
            self.read(digest, what="a manifest")

    def put_files(self, files: Sequence[Path]) -> Sequence[StoredFile]:
        """Store files under their digests; where such content lies there already, it is verified."""
        stored = self._backend.put_blobs(files, blob_key)
        for file, found in zip(files, stored, strict=True):
            if not found.is_new:
                self.verify(found.digest, what=str(file))
        return stored

    def has(self, digest: str) -> bool:
        """Whether the content is there; it is not verified."""
        return self._backend.has(blob_key(digest))

    def read(self, digest: str, *, what: str) -> bytes:
        """The content of a small blob. Raises RegistryError when it is missing or damaged."""
        return b"".join(self.chunks(digest, what=what))

    def verify(self, digest: str, *, what: str) -> int:
        """Read it to the end; its size. Raises RegistryError when it is missing or damaged."""
        return sum(map(len, self.chunks(digest, what=what)))

    def copy(self, digest: str, to: Path, *, what: str) -> None:
        """Write a blob's content to a new file. Raises RegistryError, after writing, when it was damaged."""
        with to.open("xb", buffering=0) as file:
            for chunk in self.chunks(digest, what=what):
                file.write(chunk)

    def chunks(self, digest: str, *, what: str) -> Iterator[bytes]:
        """The content in pieces; at the end RegistryError is raised unless they had that digest. `what` names it for a person."""
        key = blob_key(digest)
        found = hashlib.sha256()
        try:
            with self._backend.open_blob(key) as stream:
                yield from hashed_chunks(stream, found)
        except FileNotFoundError:
            raise RegistryError(
                "YT955",
                f"{self._backend}/{key} ({what}) is missing",
                "restore it from a copy of the registry, or register the model again",
            ) from None
        if (is_now := f"sha256:{found.hexdigest()}") != digest:
            raise RegistryError(
                "YT955",
                f"{self._backend}/{key} ({what}) is damaged: its digest is {is_now}, but must be {digest}",
                "put back a good copy; or delete it and register a bundle that holds it",
            )


def blob_key(digest: str) -> str:
    """The key of a blob: `blobs/sha256/ab/<64 hex digits>`. Raises RegistryError for what is no digest."""
    if not is_digest(digest):
        raise RegistryError(
            "YT955", f"{digest!r} is no digest", "the registry holds what ymltrain did not write; restore it from a copy"
        )
    hexadecimal = digest.removeprefix("sha256:")
    return f"blobs/sha256/{hexadecimal[:2]}/{hexadecimal}"


def digest_of_key(key: str) -> str | None:
    """The digest that a blob's key names; None for any other key."""
    digest = f"sha256:{key.rpartition('/')[2]}"
    return digest if is_digest(digest) and blob_key(digest) == key else None
