"""Garbage: content that no version of any model refers to, once it is older than any writer could still be at work on.

A writer stores content, then commits the event that names it, then looks whether it is still there. A collection
moves what it takes aside, then reads all logs again: what somebody committed meanwhile is put back, the rest is
deleted. So whichever of the two was first, the version is whole at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from ymltrain.diagnostics import RegistryError
from ymltrain.registry.attestations import FOLDER as ATTESTATIONS
from ymltrain.registry.attestations import attested_digest
from ymltrain.registry.blobs import digest_of_key
from ymltrain.registry.faults import storage_faults
from ymltrain.registry.registry import Registry

GRACE = timedelta(days=7)
TRASH = "trash"


class Garbage(msgspec.Struct, frozen=True, kw_only=True):
    """What a collection found: keys of content that is not used, unfinished writes, and what is too young to tell."""

    unused: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    young: int = 0
    deleted: bool = False
    restored: tuple[str, ...] = ()


def collect_garbage(registry: Registry, now: datetime, *, grace: timedelta = GRACE, delete: bool = False) -> Garbage:
    """What is not used and older than `grace`; deleted only if so asked. Raises RegistryError where a log cannot be read whole."""
    backend = registry.backend
    with storage_faults("collect garbage in", backend):
        if delete:
            _restore_what_was_left_aside(registry)
        used = used_digests(registry)
        candidates = [key for key in _content(registry) if _digest(key) not in used]
        old = [key for key in candidates if backend.modified(key) < now - grace]
        found = Garbage(
            unused=tuple(old),
            unfinished=tuple(backend.sweep(now - grace, remove=delete)),
            young=len(candidates) - len(old),
            deleted=delete,
        )
        if not delete:
            return found
        for key in old:
            backend.move(key, f"{TRASH}/{key}")
        return msgspec.structs.replace(found, restored=tuple(_empty_trash(registry)))


def used_digests(registry: Registry) -> set[str]:
    """The digests of all manifests that any event ever named, and of the files in them. Raises RegistryError at damage."""
    used: set[str] = set()
    for name in registry.list_models():
        for version in registry.show(name).versions:
            if version.digest not in used:
                used.add(version.digest)
                used.update(file.digest for file in registry.manifest(version).files)
    return used


def _content(registry: Registry) -> Iterator[str]:
    yield from registry.backend.list("blobs")
    yield from registry.backend.list(ATTESTATIONS)


def _digest(key: str) -> str:
    """What must be used for a key to be: a blob's own digest, or that of the manifest an attestation speaks of."""
    return digest_of_key(key) or attested_digest(key) or ""


def _empty_trash(registry: Registry) -> Iterator[str]:
    """Put back what is used after all, delete the rest. Whatever was moved aside before the logs are read is safe to judge."""
    backend = registry.backend
    moved = backend.list(TRASH)
    used = used_digests(registry) if moved else set()
    for key in moved:
        home = key.removeprefix(f"{TRASH}/")
        if _digest(home) in used:
            backend.move(key, home)
            yield home
        else:
            backend.delete(key)


def _restore_what_was_left_aside(registry: Registry) -> None:
    """A collection that was killed may have left content aside that a version needs: all of it is put back first."""
    for key in registry.backend.list(TRASH):
        home = key.removeprefix(f"{TRASH}/")
        if _digest(home) == "":
            raise RegistryError("YT955", f"{registry.backend}/{key} is no part of a registry", "remove it by hand")
        registry.backend.move(key, home)
