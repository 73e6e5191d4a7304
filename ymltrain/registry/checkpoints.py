"""Checkpoints: what a log added up to at some event, kept so that reading a long log does not begin at its first event.

They are hints. Each carries its own digest, and that of the event it was made after; one that is damaged, or of
another log, is passed over and the log is read from the start. A model has two:

    models/<name>/head.json        aliases with their versions, the newest version, how many there are: for `resolve`, `ls`
    models/<name>/checkpoint.json  the whole state and the id of each write
"""

from __future__ import annotations

from contextlib import suppress
from typing import TypeVar

import msgspec

from ymltrain.kinds.contracts import RegistryBackend
from ymltrain.plan.plan import canonical_json
from ymltrain.registry.state import ModelState
from ymltrain.registry.summary import Summary
from ymltrain.storage import bytes_digest

HEAD_EVERY = 32
WHOLE_EVERY = 256
"""A whole state is written after so many events, or a quarter of the log where that is more: in all, as much again as the log."""
FORMAT = 2


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a model after event `seq`, whose bytes have the digest `head`; and which event each write made."""

    format: int = FORMAT
    seq: int
    head: str
    state: ModelState
    writes: dict[str, int]


class HeadCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What of a model is asked for most, after event `seq`."""

    format: int = FORMAT
    seq: int
    head: str
    summary: Summary


K = TypeVar("K", Checkpoint, HeadCheckpoint)


def head_key(model: str) -> str:
    """Where the small one lies."""
    return f"models/{model}/head.json"


def whole_key(model: str) -> str:
    """Where the whole one lies."""
    return f"models/{model}/checkpoint.json"


def event_key(model: str, seq: int) -> str:
    """Where an event lies."""
    return f"models/{model}/log/{seq:020}.json"


def last_checkpoint(backend: RegistryBackend, model: str) -> int:
    """The last event that a checkpoint of this model was made after, whether or not it is still there; 0 without one."""
    reached = 0
    with suppress(FileNotFoundError):
        head = decode_checkpoint(backend.read(head_key(model)), HeadCheckpoint)
        reached = 0 if head is None else head.seq
    with suppress(FileNotFoundError):
        whole = decode_checkpoint(backend.read(whole_key(model)), Checkpoint)
        reached = max(reached, 0 if whole is None else whole.seq)
    return reached


def encode_checkpoint(checkpoint: Checkpoint | HeadCheckpoint) -> bytes:
    """A line with the digest of the rest, then the JSON."""
    content = canonical_json(checkpoint)
    return f"{bytes_digest(content)}\n".encode() + content


def decode_checkpoint(content: bytes, kind: type[K]) -> K | None:
    """The checkpoint, or None when it is damaged or of another format."""
    digest, _, body = content.partition(b"\n")
    if digest.decode("latin-1") != bytes_digest(body):
        return None
    try:
        checkpoint = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return checkpoint if checkpoint.format == FORMAT else None


def read_checkpoint(backend: RegistryBackend, model: str, kind: type[K]) -> K | None:
    """A model's checkpoint, if it has one that belongs to its log as it is now."""
    key = head_key(model) if kind is HeadCheckpoint else whole_key(model)
    try:
        checkpoint = decode_checkpoint(backend.read(key), kind)
        if checkpoint is None or bytes_digest(backend.read(event_key(model, checkpoint.seq))) != checkpoint.head:
            return None
    except FileNotFoundError:
        return None
    return checkpoint
