"""The events of a model's log: the registry's whole memory, and its format on disk.

An event is written once, under the next number of its model's log, and never changes. `change` says what
happened, by its `op`; later versions of ymltrain may add ops, and fields which an older one can do without.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from ymltrain.diagnostics import RegistryError
from ymltrain.plan.plan import canonical_json

ReviewState = Literal["candidate", "approved", "rejected", "archived"]


class Change(msgspec.Struct, frozen=True, kw_only=True, tag_field="op", omit_defaults=True):
    """What an event did to its model."""


class Link(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a version was made from: a thing of some type, by its id and, where it has content, the digest of that.

    Types so far: run, data, code, recipe, plan, study, model.
    """

    type: str
    id: str
    digest: str | None = None
    note: str = ""


class SliceMetrics(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a version did on some of its test rows: those of one slice, by its name (`cut = Fair`), how many, the metrics.

    `is_asked` tells a value or a range that was asked for from rows outside of all, or without a value.
    """

    name: str
    rows: int
    metrics: dict[str, float | None]
    is_asked: bool = True


class Register(Change, frozen=True, kw_only=True, tag="register"):
    """Added a version. `digest` is that of its manifest, `size` the bytes of its files, `links` what it was made from.

    `slices` are what its evaluation found in parts of the test rows, `baselines` what those score on all of them.
    `evaluated_on` is equal for versions whose test metrics are of the same rows. `promote` are the gates that its
    recipe asked for, `goals` the direction of its metrics: promoting it later asks the same. `lineage` is what
    earlier versions of ymltrain wrote in place of links.
    """

    version: int
    digest: str
    tensor_digest: str | None = None
    run_id: str | None = None
    metrics: dict[str, float | None] = {}
    lineage: dict[str, Any] = {}
    links: tuple[Link, ...] = ()
    size: int | None = None
    evaluated_on: str | None = None
    goals: dict[str, Literal["minimize", "maximize"]] = {}
    promote: dict[str, Any] | None = None
    slices: tuple[SliceMetrics, ...] = ()
    baselines: dict[str, dict[str, float | None]] = {}


class SetAlias(Change, frozen=True, kw_only=True, tag="alias"):
    """Made an alias point at a version. `expect` is what it had to point at before (null: at nothing), where that was asked."""

    alias: str
    version: int
    expect: int | UnsetType | None = UNSET
    reason: str = ""


class RemoveAlias(Change, frozen=True, kw_only=True, tag="unalias"):
    """Took an alias away, `expect` as in `SetAlias`."""

    alias: str
    expect: int | UnsetType | None = UNSET
    reason: str = ""


class Rollback(Change, frozen=True, kw_only=True, tag="rollback"):
    """Put an alias back to what it was before its last move: to `version` (null: to nothing) from `previous`."""

    alias: str
    version: int | None = None
    previous: int | None = None
    reason: str = ""


class Protect(Change, frozen=True, kw_only=True, tag="protect"):
    """Made an alias move by gates and rollback only, or by anyone again."""

    alias: str
    protected: bool = True


class Review(Change, frozen=True, kw_only=True, tag="review"):
    """Gave a version its place in a review."""

    version: int
    state: ReviewState
    reason: str = ""


class GateOutcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one gate found: the new version's value, that of the alias holder it was compared with, and a sentence why.

    `metric` is the full name of a metric, or for a gate that looks at something else, what that is.
    """

    metric: str
    passed: bool
    reason: str
    value: float | None = None
    better_than: str | None = None
    holder: int | None = None
    holder_value: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    tolerance: float | None = None


class Promotion(Change, frozen=True, kw_only=True, tag="promote"):
    """Put a version before the gates of an alias. The alias moved from `previous` to it exactly when `promoted`."""

    alias: str
    version: int
    promoted: bool
    previous: int | None = None
    gates: tuple[GateOutcome, ...] = ()
    reason: str = ""


class Yank(Change, frozen=True, kw_only=True, tag="yank"):
    """Withdrew a version (or brought it back): it stays readable by number and digest, and no alias may move to it."""

    version: int
    yanked: bool = True
    reason: str = ""


class Describe(Change, frozen=True, kw_only=True, tag="describe"):
    """Gave a version, or the model where `version` is null, its description."""

    description: str
    version: int | None = None


class Tag(Change, frozen=True, kw_only=True, tag="tag"):
    """Set a tag of a version, or of the model where `version` is null; a null value takes it away."""

    key: str
    value: str | None = None
    version: int | None = None


class Unknown(msgspec.Struct, frozen=True):
    """A change this version of ymltrain does not know. Nobody writes it."""

    op: str


KnownChange: TypeAlias = (
    Register | SetAlias | RemoveAlias | Promotion | Yank | Describe | Tag  # those of format 1
    | Rollback | Protect | Review
)  # fmt: skip
FORMAT_1 = frozenset(change.__struct_config__.tag for change in (Register, SetAlias, RemoveAlias, Promotion, Yank, Describe, Tag))
"""The ops that a registry of format 1 may hold: its other readers know no more."""
OPS = FORMAT_1 | {change.__struct_config__.tag for change in (Rollback, Protect, Review)}


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What surrounds every change: its place in the log, the writer's own id of the write, and the digest of the event before."""

    seq: int
    write_id: str
    prev_sha256: str | None
    at: datetime
    actor: str


class Event(Envelope, frozen=True, kw_only=True):
    """One entry of a model's log."""

    change: KnownChange | Unknown


class RawEvent(Envelope, frozen=True, kw_only=True):
    """An entry whose change is not read yet."""

    change: msgspec.Raw


class _KnownEvent(Envelope, frozen=True, kw_only=True):
    """An entry whose change is known: nearly every one."""

    change: KnownChange


_KNOWN = msgspec.json.Decoder(_KnownEvent)


def encode_event(event: Event) -> bytes:
    """The bytes an event is stored as."""
    return canonical_json(event) + b"\n"


def decode_event(content: bytes, key: str) -> Event:
    """Read a stored event; a change with an unknown op becomes `Unknown`. Raises RegistryError when it is none."""
    try:
        known = _KNOWN.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # damaged, or a change of a later ymltrain
        return _decode_slowly(content, key)
    return _event(known, known.change)


def _decode_slowly(content: bytes, key: str) -> Event:
    try:
        raw = msgspec.json.decode(content, type=RawEvent)
        op = msgspec.json.decode(raw.change, type=Unknown).op
        change = msgspec.json.decode(raw.change, type=KnownChange) if op in OPS else Unknown(op)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RegistryError(
            "YT955", f"{key} is damaged: {error}", "restore the registry from a copy; nothing was changed"
        ) from None
    return _event(raw, change)


def _event(read: Envelope, change: KnownChange | Unknown) -> Event:
    return Event(seq=read.seq, write_id=read.write_id, prev_sha256=read.prev_sha256, at=read.at, actor=read.actor, change=change)
