"""The log of a model: a line for each event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ymltrain.registry.events import (
    Describe,
    Event,
    GateOutcome,
    KnownChange,
    Promotion,
    Protect,
    Register,
    RemoveAlias,
    Review,
    Rollback,
    SetAlias,
    Tag,
    Unknown,
    Yank,
)
from ymltrain.report.console import tell


def events_as_json(events: Sequence[Event]) -> list[dict[str, Any]]:
    """The document of `models log --json`: the events as they are stored."""
    return [msgspec.to_builtins(event) for event in events]


def show_events(events: Sequence[Event]) -> None:
    """The newest event first, gates below their promotion."""
    for event in reversed(events):
        tell((f"{event.seq:>4}  {event.at:%Y-%m-%d %H:%M:%S}  {event.actor}  ", "dim"), event_words(event.change))
        if isinstance(event.change, Promotion):
            for gate in event.change.gates:
                _show_gate(gate)


def show_promotion(promotion: Promotion, model: str) -> None:
    """What the gates said and whether the alias moved."""
    tell((f"{model}@{promotion.version}  ", "bold"), event_words(promotion))
    for gate in promotion.gates:
        _show_gate(gate)


def event_words(change: KnownChange | Unknown) -> str:  # noqa: C901, PLR0911 - one case for each kind of change
    """A change in one line."""
    match change:
        case Register(version=version, run_id=run_id):
            return f"registered version {version}" + (f" of run {run_id}" if run_id else "")
        case SetAlias(alias=alias, version=version, reason=reason):
            return f"{alias} → {version} by hand" + _because(reason)
        case RemoveAlias(alias=alias, reason=reason):
            return f"took {alias} away" + _because(reason)
        case Rollback(alias=alias, version=version, previous=previous, reason=reason):
            return f"rolled {alias} back from {previous or 'nothing'} to {version or 'nothing'}" + _because(reason)
        case Promotion(alias=alias, version=version, promoted=True, previous=previous, reason=reason):
            return f"{alias} → {version} by promotion" + (f", was {previous}" if previous else "") + _because(reason)
        case Promotion(alias=alias, version=version):
            return f"did not promote version {version} to {alias}"
        case Protect(alias=alias, protected=protected):
            return f"{'protected' if protected else 'unprotected'} {alias}"
        case Review(version=version, state=state, reason=reason):
            return f"version {version} is {state}" + _because(reason)
        case Yank(version=version, yanked=yanked, reason=reason):
            return f"{'yanked' if yanked else 'brought back'} version {version}" + _because(reason)
        case Describe() | Tag() as note:
            return _note_words(note)
        case Unknown(op=op):
            return f"{op}: what a newer ymltrain wrote"


def _note_words(note: Describe | Tag) -> str:
    of = f" of version {note.version}" if note.version is not None else ""
    if isinstance(note, Describe):
        return f"description{of}: {note.description}"
    return f"tag{of} {note.key}={note.value}" if note.value is not None else f"took the tag {note.key}{of} away"


def _show_gate(gate: GateOutcome) -> None:
    mark, style = ("passed", "green") if gate.passed else ("failed", "red")
    tell("        ", (mark, style), f"  {gate.reason}")


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
