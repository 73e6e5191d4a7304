"""The fold: from the events of a log, in order, to the state of its model. Nothing else decides what a log means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from ymltrain.diagnostics import RegistryError
from ymltrain.registry.events import Describe, Event, Promotion, Register, RemoveAlias, SetAlias, Tag, Unknown, Yank
from ymltrain.registry.state import ModelState, Version


def fold(name: str, events: Sequence[Event]) -> ModelState:
    """The state of a model after these events. Raises RegistryError where an event contradicts those before it."""
    folding = _Folding(name)
    for event in events:
        folding.take(event)
    return folding.state()


class _Folding:
    """The state while it is being folded; versions are numbered by their place, so a number is never used twice."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._versions: list[Version] = []
        self._aliases: dict[str, int] = {}
        self._description = ""
        self._tags: dict[str, str] = {}
        self._unknown_ops: dict[str, None] = {}

    def take(self, event: Event) -> None:
        match event.change:
            case Register() as made:
                self._register(made, event)
            case SetAlias(alias=alias, version=number) | Promotion(alias=alias, version=number, promoted=True):
                self._check_version(number, event)
                self._aliases[alias] = number
            case RemoveAlias(alias=alias):
                self._aliases.pop(alias, None)
            case Yank(version=number, yanked=yanked):
                state: Literal["active", "yanked"] = "yanked" if yanked else "active"
                self._replace(number, event, state=state)
            case Describe() | Tag() as note:
                self._annotate(note, event)
            case Unknown(op=op):
                self._unknown_ops[op] = None
            case Promotion(version=number):
                self._check_version(number, event)

    def state(self) -> ModelState:
        held: dict[int, list[str]] = {}
        for alias in sorted(self._aliases):
            held.setdefault(self._aliases[alias], []).append(alias)
        return ModelState(
            name=self._name,
            versions=tuple(msgspec.structs.replace(v, aliases=tuple(held.get(v.version, ()))) for v in self._versions),
            aliases=dict(sorted(self._aliases.items())),
            description=self._description,
            tags=self._tags,
            unknown_ops=tuple(self._unknown_ops),
        )

    def _register(self, made: Register, event: Event) -> None:
        if made.version != len(self._versions) + 1:
            raise _contradiction(self._name, event, f"registers version {made.version} after {len(self._versions)} versions")
        self._versions.append(
            Version(
                model=self._name,
                version=made.version,
                digest=made.digest,
                tensor_digest=made.tensor_digest,
                run_id=made.run_id,
                metrics=made.metrics,
                lineage=made.lineage,
                aliases=(),
                created=event.at,
                actor=event.actor,
            )
        )

    def _annotate(self, note: Describe | Tag, event: Event) -> None:
        match note:
            case Describe(version=None, description=description):
                self._description = description
            case Describe(version=int(number), description=description):
                self._replace(number, event, description=description)
            case Tag(version=None):
                self._tags = _tagged(self._tags, note)
            case Tag(version=int(number)):
                self._check_version(number, event)
                self._replace(number, event, tags=_tagged(self._versions[number - 1].tags, note))

    def _replace(self, number: int, event: Event, **fields: object) -> None:
        self._check_version(number, event)
        self._versions[number - 1] = msgspec.structs.replace(self._versions[number - 1], **fields)

    def _check_version(self, number: int, event: Event) -> None:
        if not 1 <= number <= len(self._versions):
            raise _contradiction(self._name, event, f"speaks of version {number}, which does not exist")


def _tagged(tags: dict[str, str], tag: Tag) -> dict[str, str]:
    others = {key: value for key, value in tags.items() if key != tag.key}
    return others if tag.value is None else {**others, tag.key: tag.value}


def _contradiction(name: str, event: Event, what: str) -> RegistryError:
    return RegistryError(
        "YT955", f'the log of model "{name}" is damaged: event {event.seq} {what}', "restore the registry from a copy"
    )
