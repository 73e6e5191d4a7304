"""What a run's main process and its workers tell each other, as msgpack frames over a socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from ymltrain.plan.events import RunEvent


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello"):
    """A worker is there."""

    rank: int
    pid: int


class Happened(msgspec.Struct, frozen=True, kw_only=True, tag="event"):
    """A run event, which the first rank tells for all."""

    event: RunEvent


class Beat(msgspec.Struct, frozen=True, kw_only=True, tag="beat"):
    """A sign of life: the step a rank is in, and the phase of it."""

    rank: int
    step: int
    phase: int


class Warned(msgspec.Struct, frozen=True, kw_only=True, tag="warning"):
    """A warning for a person."""

    rank: int
    message: str


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The error that ends a rank; `kind` is the name of its class in the exception tree, or empty for any other."""

    rank: int
    kind: str
    code: str
    message: str
    hint: str


class Settle(msgspec.Struct, frozen=True, kw_only=True, tag="settle"):
    """The first rank is about to save: all it has told so far must be in the record."""


class Settled(msgspec.Struct, frozen=True, kw_only=True, tag="settled"):
    """It is."""


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """The main process asks for a stop at the next step."""


Message: TypeAlias = Hello | Happened | Beat | Warned | Failed | Settle | Settled | Stop


def encode(message: Message) -> bytes:
    """A message as a frame. Numbers that are not finite pass as they are, which JSON could not do."""
    return msgspec.msgpack.encode(message, enc_hook=_path_as_text)


def decode(frame: bytes) -> Message:
    """The message of a frame."""
    message: Message = msgspec.msgpack.decode(frame, type=Message, dec_hook=_text_as_path)
    return message


def _path_as_text(value: object) -> Any:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(type(value))


def _text_as_path(wanted: type, value: object) -> Any:
    if wanted is Path:
        return Path(str(value))
    raise NotImplementedError(wanted)
