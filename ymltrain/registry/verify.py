"""Reading everything: every event against the one before it, every byte against its digest. All damage is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ymltrain.diagnostics import RegistryError
from ymltrain.registry.attestations import attestation_problem, read_attestations
from ymltrain.registry.blobs import blob_key
from ymltrain.registry.checkpoints import event_key, last_checkpoint
from ymltrain.registry.damage import Damage, Kind
from ymltrain.registry.events import Event, decode_event
from ymltrain.registry.faults import storage_faults
from ymltrain.registry.fold import fold
from ymltrain.registry.format import KEY, read_format
from ymltrain.registry.manifest import Manifest
from ymltrain.registry.registry import Registry
from ymltrain.registry.state import ModelState, Version
from ymltrain.storage import bytes_digest


@dataclass
class Verified:
    """What was read, and what was wrong with it."""

    damage: list[Damage] = field(default_factory=list)
    models: int = 0
    events: int = 0
    versions: int = 0
    blobs: int = 0
    size: int = 0
    referenced: dict[str, set[str]] = field(default_factory=dict)
    """Each blob that a version needs, with the versions that need it."""
    manifests: set[str] = field(default_factory=set)


def verify_registry(registry: Registry, models: Sequence[str] | None = None) -> Verified:
    """Verify these models, or all of them. Raises RegistryError only where the storage itself refuses."""
    found = Verified()
    with storage_faults("read", registry.backend):
        found.damage += _format_damage(registry)
        names = registry.backend.folders("models") if models is None else models
        for name in names:
            state = _verify_log(registry, name, found)
            found.models += 1
            for version in state.versions:
                _verify_version(registry, version, found)
        _verify_blobs(registry, found)
    return found


def verify_versions(registry: Registry, versions: Sequence[Version]) -> Verified:
    """Verify what these versions consist of. Raises RegistryError only where the storage itself refuses."""
    found = Verified()
    with storage_faults("read", registry.backend):
        for version in versions:
            _verify_version(registry, version, found)
        _verify_blobs(registry, found)
    return found


def read_chain(registry: Registry, model: str, found: Verified) -> list[Event]:
    """The events of a log as far as they hold together; what ends them is noted."""
    log = registry.log(model)
    events: list[Event] = []
    head: str | None = None
    for content in log.raw_events():
        key = event_key(model, len(events) + 1)
        try:
            event = decode_event(content, key)
        except RegistryError as error:
            found.damage.append(Damage(key=key, kind="event", what=error.message))
            return events
        if (event.seq, event.prev_sha256) != (len(events) + 1, head):
            what = f"says it is event {event.seq} after {event.prev_sha256}, but follows {head}: it or the one before was changed"
            found.damage.append(Damage(key=key, kind="chain", what=what))
            return events
        events.append(event)
        head = bytes_digest(content)
    beyond = log.beyond(len(events))
    if beyond:
        key = event_key(model, len(events) + 1)
        found.damage.append(Damage(key=key, kind="gap", what=f"is missing, though {len(beyond)} later events exist"))
    return events


def _verify_log(registry: Registry, model: str, found: Verified) -> ModelState:
    known = len(found.damage)
    events = read_chain(registry, model, found)
    found.events += len(events)
    reached = 0 if len(found.damage) > known else last_checkpoint(registry.backend, model)
    if reached > len(events):
        what = f"is missing, though a checkpoint was made after event {reached}"
        found.damage.append(Damage(key=event_key(model, len(events) + 1), kind="gap", what=what))
    try:
        return fold(model, events)
    except RegistryError as error:
        found.damage.append(Damage(key=f"models/{model}/log", kind="contradiction", what=error.message))
        return _folded_before_contradiction(model, events)


def _folded_before_contradiction(model: str, events: list[Event]) -> ModelState:
    for length in range(len(events) - 1, -1, -1):
        try:
            return fold(model, events[:length])
        except RegistryError:
            continue
    return ModelState(name=model)


def _verify_version(registry: Registry, version: Version, found: Verified) -> None:
    found.versions += 1
    found.referenced.setdefault(version.digest, set()).add(str(version))
    found.manifests.add(version.digest)
    try:
        manifest = registry.manifest(version)
    except RegistryError as error:
        found.damage.append(Damage(key=_place(version.digest), kind="manifest", what=error.message, versions=(str(version),)))
        return
    for file in manifest.files:
        found.referenced.setdefault(file.digest, set()).add(str(version))
    found.damage += _attestation_damage(registry, version, manifest)


def _verify_blobs(registry: Registry, found: Verified) -> None:
    for digest in sorted(found.referenced.keys() - found.manifests):
        versions = tuple(sorted(found.referenced[digest]))
        try:
            found.size += registry.blobs.verify(digest, what=f"of {versions[0]}")
            found.blobs += 1
        except RegistryError as error:
            kind: Kind = "blob_damaged" if registry.blobs.has(digest) else "blob_missing"
            found.damage.append(Damage(key=_place(digest), kind=kind, what=error.message, versions=versions))


def _attestation_damage(registry: Registry, version: Version, manifest: Manifest) -> Iterator[Damage]:
    for key, document in read_attestations(registry.backend, version.digest):
        problem = attestation_problem(key, document, manifest)
        if problem is not None:
            yield Damage(key=key, kind="attestation", what=problem, versions=(str(version),))


def _format_damage(registry: Registry) -> Iterator[Damage]:
    try:
        read_format(registry.backend)
    except RegistryError as error:
        yield Damage(key=KEY, kind="format", what=error.message)


def _place(digest: str) -> str:
    try:
        return blob_key(digest)
    except RegistryError:
        return f"(no digest: {digest!r})"
