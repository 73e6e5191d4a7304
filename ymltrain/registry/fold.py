"""The fold: from the events of a log, in order, to the state of its model. Nothing else decides what a log means."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ymltrain.diagnostics import RegistryError
from ymltrain.registry.events import (
    Describe,
    Event,
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
from ymltrain.registry.state import ModelState, Version


def fold(name: str, events: Sequence[Event]) -> ModelState:
    """The state of a model after these events. Raises RegistryError where an event contradicts those before it."""
    return carry_on(ModelState(name=name), events)


def carry_on(state: ModelState, events: Sequence[Event]) -> ModelState:
    """The state after more events. Raises RegistryError as `fold` does."""
    folding = _Folding(state)
    for event in events:
        folding.take(event)
    return folding.state()


def first_version(made: Register, event: Event, name: str) -> Version:
    """A version as it was registered, before anything happened to it."""
    return Version(
        model=name,
        version=made.version,
        digest=made.digest,
        tensor_digest=made.tensor_digest,
        run_id=made.run_id,
        metrics=made.metrics,
        lineage=made.lineage,
        aliases=(),
        created=event.at,
        actor=event.actor,
        links=made.links,
        size=made.size,
        evaluated_on=made.evaluated_on,
        goals=made.goals,
        promote=made.promote,
        slices=made.slices,
        baselines=made.baselines,
    )


def changed(version: Version, change: Yank | Review | Describe | Tag) -> Version:
    """A version after a change of its own."""
    match change:
        case Yank(yanked=True, reason=reason):
            return msgspec.structs.replace(version, state="yanked", reason=reason)
        case Yank():
            return msgspec.structs.replace(version, state=version.review, reason="")
        case Review(state=review, reason=reason) if version.state == "yanked":
            return msgspec.structs.replace(version, review=review)
        case Review(state=review, reason=reason):
            return msgspec.structs.replace(version, state=review, review=review, reason=reason)
        case Describe(description=description):
            return msgspec.structs.replace(version, description=description)
        case Tag():
            return msgspec.structs.replace(version, tags=tagged(version.tags, change))


def tagged(tags: dict[str, str], tag: Tag) -> dict[str, str]:
    """Tags after one was set or taken away."""
    others = {key: value for key, value in tags.items() if key != tag.key}
    return others if tag.value is None else {**others, tag.key: tag.value}


class _Folding:
    """The state while it is being folded; versions are numbered by their place, so a number is never used twice."""

    def __init__(self, state: ModelState) -> None:
        self._name = state.name
        self._versions = list(state.versions)
        self._aliases = dict(state.aliases)
        self._positions = dict(state.positions)
        self._protected = dict.fromkeys(state.protected)
        self._description = state.description
        self._tags = state.tags
        self._unknown_ops = dict.fromkeys(state.unknown_ops)

    def take(self, event: Event) -> None:  # noqa: C901 - one case for each kind of change
        match event.change:
            case Register() as made:
                self._register(made, event)
            case SetAlias(alias=alias, version=number) | Promotion(alias=alias, version=number, promoted=True):
                self._check_version(number, event)
                self._positions[alias] = (*self._positions.get(alias, ()), number)
                self._point(alias, number)
            case RemoveAlias(alias=alias):
                self._positions[alias] = (*self._positions.get(alias, ()), None)
                self._point(alias, None)
            case Rollback(alias=alias) as back:
                self._roll_back(alias, back, event)
            case Protect(alias=alias, protected=True):
                self._protected[alias] = None
            case Protect(alias=alias):
                self._protected.pop(alias, None)
            case Describe(version=None, description=description):
                self._description = description
            case Tag(version=None) as tag:
                self._tags = tagged(self._tags, tag)
            case Unknown(op=op):
                self._unknown_ops[op] = None
            case Promotion(version=number):
                self._check_version(number, event)
            case Yank(version=int(number)) | Review(version=int(number)) as own:
                self._change(number, event, own)
            case Describe(version=int(number)) | Tag(version=int(number)) as own:
                self._change(number, event, own)

    def state(self) -> ModelState:
        return ModelState(
            name=self._name,
            versions=tuple(self._versions),
            aliases=dict(sorted(self._aliases.items())),
            positions=self._positions,
            protected=tuple(self._protected),
            description=self._description,
            tags=self._tags,
            unknown_ops=tuple(self._unknown_ops),
        )

    def _register(self, made: Register, event: Event) -> None:
        if made.version != len(self._versions) + 1:
            raise _contradiction(self._name, event, f"registers version {made.version} after {len(self._versions)} versions")
        self._versions.append(first_version(made, event, self._name))

    def _change(self, number: int, event: Event, own: Yank | Review | Describe | Tag) -> None:
        self._check_version(number, event)
        self._versions[number - 1] = changed(self._versions[number - 1], own)

    def _roll_back(self, alias: str, back: Rollback, event: Event) -> None:
        before = self._positions.get(alias, ())[:-1]
        if (before[-1] if before else None) != back.version:
            raise _contradiction(self._name, event, f'rolls "{alias}" back to {back.version}, where it was not before')
        self._positions[alias] = before
        self._point(alias, back.version)

    def _point(self, alias: str, number: int | None) -> None:
        """Move an alias; only the versions that lose and get it are touched."""
        left = self._aliases.pop(alias, None)
        if left is not None:
            version = self._versions[left - 1]
            self._versions[left - 1] = msgspec.structs.replace(version, aliases=tuple(a for a in version.aliases if a != alias))
        if number is not None:
            self._aliases[alias] = number
            version = self._versions[number - 1]
            self._versions[number - 1] = msgspec.structs.replace(version, aliases=tuple(sorted({*version.aliases, alias})))

    def _check_version(self, number: int, event: Event) -> None:
        if not 1 <= number <= len(self._versions):
            raise _contradiction(self._name, event, f"speaks of version {number}, which does not exist")


def _contradiction(name: str, event: Event, what: str) -> RegistryError:
    return RegistryError(
        "YT955", f'the log of model "{name}" is damaged: event {event.seq} {what}', "restore the registry from a copy"
    )
