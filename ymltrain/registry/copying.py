"""Copying a model with its history to another registry: its events byte for byte, and all content they refer to."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from ymltrain.diagnostics import RegistryError
from ymltrain.registry.attestations import attestation_keys
from ymltrain.registry.blobs import blob_key
from ymltrain.registry.checkpoints import event_key
from ymltrain.registry.events import FORMAT_1, Register, decode_event
from ymltrain.registry.faults import storage_faults
from ymltrain.registry.format import ensure_format
from ymltrain.registry.manifest import decode_manifest
from ymltrain.registry.registry import Registry
from ymltrain.storage import bytes_digest


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy added: events, blobs, and bytes of these; `versions` is how many the model has now."""

    model: str
    events: int
    blobs: int
    size: int
    versions: int


def copy_model(source: Registry, target: Registry, model: str) -> Copied:
    """Bring a model in `target` to where it is in `source`.

    Content goes first, then event after event, so a killed copy is a shorter history, and copying again goes on.
    Where the two have gone apart nothing is copied. Raises RegistryError.
    """
    versions = source.show(model).versions
    with storage_faults("read", source.backend):
        events = list(source.log(model).raw_events())
    with storage_faults("write to", target.backend):
        found = ensure_format(target.backend)
        theirs = list(target.log(model).raw_events())
    _check_prefix(model, events, theirs, source, target)
    blobs = size = 0
    for number, content in enumerate(events[len(theirs) :], start=len(theirs) + 1):
        event = decode_event(content, event_key(model, number))
        if found.version == 1 and event.change.__struct_config__.tag not in FORMAT_1:
            raise RegistryError(
                "YT956", f"the registry in {target.backend} has format 1, too old for this history", "ymltrain registry upgrade"
            )
        if isinstance(event.change, Register):
            added = _copy_content(source, target, event.change.digest)
            blobs, size = blobs + added[0], size + added[1]
        with storage_faults("write to", target.backend):
            _append(target, model, number, content)
    return Copied(model=model, events=len(events) - len(theirs), blobs=blobs, size=size, versions=len(versions))


def _check_prefix(model: str, events: list[bytes], theirs: list[bytes], source: Registry, target: Registry) -> None:
    for number, (here, there) in enumerate(zip(events, theirs, strict=False), start=1):
        if here != there:
            raise RegistryError(
                "YT972",
                f'the histories of model "{model}" in {source.backend} and {target.backend} differ from event {number} on',
                "each has versions that the other lacks; register the versions you need under another name",
            )
    if len(theirs) > len(events):
        raise RegistryError(
            "YT972",
            f'model "{model}" in {target.backend} has {len(theirs) - len(events)} events more than in {source.backend}',
            "copy the other way",
        )


def _append(target: Registry, model: str, number: int, content: bytes) -> None:
    key = event_key(model, number)
    if not target.backend.put_if_absent(key, content) and bytes_digest(target.backend.read(key)) != bytes_digest(content):
        raise RegistryError(
            "YT972",
            f'somebody wrote event {number} of model "{model}" in {target.backend} meanwhile',
            "look what it was, and copy again",
        )


def _copy_content(source: Registry, target: Registry, digest: str) -> tuple[int, int]:
    """The blobs of a version, its attestations, and last its manifest: how many blobs were added, and their bytes."""
    manifest = source.blobs.read(digest, what="a manifest")
    added = size = 0
    with tempfile.TemporaryDirectory(prefix="ymltrain-copy-") as folder:
        for file in decode_manifest(manifest, digest).files:
            if target.blobs.has(file.digest):
                continue
            path = Path(folder) / file.digest.removeprefix("sha256:")
            source.blobs.copy(file.digest, path, what=file.path)
            with storage_faults("write to", target.backend):
                (stored,) = target.backend.put_blobs([path], blob_key)
                size += stored.size
            path.unlink()
            added += 1
    with storage_faults("write to", target.backend):
        for key in attestation_keys(source.backend, digest):
            target.backend.put_if_absent(key, source.backend.read(key))
        target.blobs.put(digest, manifest)
    return added, size
