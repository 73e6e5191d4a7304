"""Every kind of damage, and what can be mended: from hints up to blobs, given another place that has the content.

What is repaired is only what is certain: content by its digest, events byte for byte from a registry whose log
agrees with what is left. An event that no copy has is lost, and said to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from ymltrain.diagnostics import RegistryError
from ymltrain.registry.blobs import blob_key, digest_of_key
from ymltrain.registry.checkpoints import (
    Checkpoint,
    HeadCheckpoint,
    decode_checkpoint,
    event_key,
    head_key,
    whole_key,
)
from ymltrain.registry.damage import Damage
from ymltrain.registry.events import Event, decode_event
from ymltrain.registry.faults import storage_faults
from ymltrain.registry.fold import fold
from ymltrain.registry.format import KEY, new_format
from ymltrain.registry.log import model_of
from ymltrain.registry.registry import Registry
from ymltrain.registry.summary import summarize
from ymltrain.registry.verify import Verified, read_chain, verify_registry
from ymltrain.storage import bytes_digest, file_digest

UNFINISHED_AGE = timedelta(days=1)
OURS = ("blobs/", "attestations/", "models/", "trash/", "probe/", "staging/")


def check_registry(
    registry: Registry, now: datetime, *, repair: bool = False, copies: Sequence[Registry] = (), folders: Sequence[Path] = ()
) -> list[Damage]:
    """All that is wrong; with `repair`, what could be mended is, from other registries and from folders of bundles."""
    verified = verify_registry(registry)
    with storage_faults("check", registry.backend):
        found = [*verified.damage, *_hints(registry), *_leftovers(registry, verified, now)]
        if not repair:
            return found
        return [_repaired(registry, damage, now, copies, folders) for damage in found]


def _hints(registry: Registry) -> Iterator[Damage]:
    for model in registry.backend.folders("models"):
        events = read_chain(registry, model, Verified())
        for key in (head_key(model), whole_key(model)):
            content = _read(registry, key)
            problem = None if content is None else _hint_problem(content, model, events, is_head=key == head_key(model))
            if problem is not None:
                yield Damage(key=key, kind="hint", what=problem)


def _hint_problem(content: bytes, model: str, events: Sequence[Event], *, is_head: bool) -> str | None:
    """Why a hint misleads; one of a log that is itself damaged is not judged."""
    checkpoint = decode_checkpoint(content, HeadCheckpoint) if is_head else decode_checkpoint(content, Checkpoint)
    if checkpoint is None:
        return "is damaged; it is passed over"
    if checkpoint.seq > len(events):
        return None
    try:
        state = fold(model, events[: checkpoint.seq])
    except RegistryError:
        return None
    kept, told = (checkpoint.summary, summarize(state)) if isinstance(checkpoint, HeadCheckpoint) else (checkpoint.state, state)
    return None if msgspec.to_builtins(kept) == msgspec.to_builtins(told) else "says something else than the log it was made of"


def _leftovers(registry: Registry, verified: Verified, now: datetime) -> Iterator[Damage]:
    backend = registry.backend
    for name in backend.sweep(now - UNFINISHED_AGE, remove=False):
        yield Damage(key=name, kind="unfinished", what="is what a killed writer left")
    for key in backend.list(""):
        digest = digest_of_key(key)
        if digest is not None:
            if digest not in verified.referenced:
                yield Damage(key=key, kind="unused", what="no version refers to it; `models gc` removes it in time")
        elif not _is_ours(key):
            yield Damage(key=key, kind="stranger", what="is no part of a registry")


def _is_ours(key: str) -> bool:
    if key.startswith("models/"):
        return model_of(key) is not None or key.endswith(("/head.json", "/checkpoint.json"))
    return key == KEY or (key.startswith(OURS) and not key.startswith("blobs/"))


def _repaired(registry: Registry, damage: Damage, now: datetime, copies: Sequence[Registry], folders: Sequence[Path]) -> Damage:
    match damage.kind:
        case "hint":
            registry.backend.delete(damage.key)
            done = True
        case "unfinished":
            registry.backend.sweep(now - UNFINISHED_AGE, remove=True)
            done = True
        case "format":
            done = _restore_format(registry)
        case "manifest" | "blob_missing" | "blob_damaged":
            done = _restore_blob(registry, damage.key, copies, folders)
        case "event" | "chain" | "gap":
            done = _restore_events(registry, damage.key, copies)
        case "attestation":
            done = any(_copy_key(registry, copy, damage.key) for copy in copies)
        case _:
            done = False
    return msgspec.structs.replace(damage, repaired=done)


def _restore_format(registry: Registry) -> bool:
    """Only where it is missing or unreadable: a format that is merely unknown is a newer registry's, not damage."""
    try:
        document = msgspec.json.decode(registry.backend.read(KEY))
        is_whole = isinstance(document, dict)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        is_whole = False
    if not is_whole:
        registry.backend.replace(KEY, new_format(registry.backend).encode())
    return not is_whole


def _restore_blob(registry: Registry, key: str, copies: Sequence[Registry], folders: Sequence[Path]) -> bool:
    digest = digest_of_key(key)
    if digest is None:
        return False
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
            if file_digest(path) == digest:
                registry.backend.delete(key)
                (stored,) = registry.backend.put_blobs([path], blob_key)
                return stored.digest == digest
    for copy in copies:
        try:
            content = copy.blobs.read(digest, what="a blob")
        except RegistryError:
            continue
        registry.backend.delete(key)
        return registry.backend.put_if_absent(key, content)
    return False


def _restore_events(registry: Registry, key: str, copies: Sequence[Registry]) -> bool:
    """Put back the bytes of one event from a copy whose log agrees with every event here that is whole."""
    model = model_of(key)
    if model is None:
        return False
    for copy in copies:
        theirs = list(copy.log(model).raw_events())
        ours = [_read(registry, event_key(model, seq + 1)) for seq in range(len(theirs))]
        wrong = [seq for seq, (here, there) in enumerate(zip(ours, theirs, strict=True)) if here != there]
        if wrong and _is_chain(theirs):
            for seq in wrong:
                registry.backend.replace(event_key(model, seq + 1), theirs[seq])
            return True
        if not wrong and theirs:
            return True
    return False


def _is_chain(contents: Sequence[bytes]) -> bool:
    head: str | None = None
    for place, content in enumerate(contents, start=1):
        try:
            event = decode_event(content, "")
        except RegistryError:
            return False
        if (event.seq, event.prev_sha256) != (place, head):
            return False
        head = bytes_digest(content)
    return True


def _copy_key(registry: Registry, copy: Registry, key: str) -> bool:
    content = _read(copy, key)
    if content is None:
        return False
    registry.backend.replace(key, content)
    return True


def _read(registry: Registry, key: str) -> bytes | None:
    try:
        return registry.backend.read(key)
    except FileNotFoundError:
        return None
