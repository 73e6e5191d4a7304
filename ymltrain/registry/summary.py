"""A model in short: what an alias names, and what a list of models shows. It is folded without the versions no alias names."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

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
from ymltrain.registry.fold import changed, first_version, tagged
from ymltrain.registry.state import ModelState, Version, check_certain, no_such_alias


class NotEnoughError(Exception):
    """An event speaks of a version that the summary left out: the whole state must be read."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A model without its history. `held` are the versions that aliases name, `newest` is the last one registered."""

    name: str
    count: int = 0
    newest: Version | None = None
    held: dict[str, Version] = {}
    protected: tuple[str, ...] = ()
    description: str = ""
    tags: dict[str, str] = {}
    unknown_ops: tuple[str, ...] = ()

    def named(self, alias: str) -> Version:
        """The version that an alias names. Raises RegistryError as `ModelState.picked`."""
        check_certain(self.name, self.unknown_ops)
        if alias not in self.held:
            raise no_such_alias(self.name, alias, self.aliases)
        return self.held[alias]

    @property
    def aliases(self) -> dict[str, int]:
        """The numbers that aliases point at."""
        return {alias: version.version for alias, version in self.held.items()}


def summarize(state: ModelState) -> Summary:
    """The summary of a whole state."""
    return Summary(
        name=state.name,
        count=len(state.versions),
        newest=state.versions[-1] if state.versions else None,
        held={alias: state.numbered(number) for alias, number in state.aliases.items()},
        protected=state.protected,
        description=state.description,
        tags=state.tags,
        unknown_ops=state.unknown_ops,
    )


def carry_summary_on(summary: Summary, events: Sequence[Event]) -> Summary:
    """The summary after more events. Raises NotEnoughError where it cannot be told."""
    for event in events:
        summary = _after(summary, event)
    return summary


def _after(summary: Summary, event: Event) -> Summary:  # noqa: C901, PLR0911 - one case for each kind of change
    match event.change:
        case Register(version=number) as made:
            if number != summary.count + 1:
                raise NotEnoughError
            return msgspec.structs.replace(summary, count=number, newest=first_version(made, event, summary.name))
        case SetAlias(alias=alias, version=number) | Promotion(alias=alias, version=number, promoted=True):
            return _pointed(summary, alias, number)
        case RemoveAlias(alias=alias) | Rollback(alias=alias, version=None):
            return _pointed(summary, alias, None)
        case Rollback(alias=alias, version=int(number)):
            return _pointed(summary, alias, number)
        case Protect(alias=alias, protected=protected):
            others = tuple(other for other in summary.protected if other != alias)
            return msgspec.structs.replace(summary, protected=(*others, alias) if protected else others)
        case Describe(version=None, description=description):
            return msgspec.structs.replace(summary, description=description)
        case Tag(version=None) as tag:
            return msgspec.structs.replace(summary, tags=tagged(summary.tags, tag))
        case Unknown(op=op):
            return msgspec.structs.replace(summary, unknown_ops=tuple(dict.fromkeys((*summary.unknown_ops, op))))
        case Yank(version=int(number)) | Review(version=int(number)) as own:
            return _changed(summary, number, own)
        case Describe(version=int(number)) | Tag(version=int(number)) as own:
            return _changed(summary, number, own)
        case _:
            return summary


def _pointed(summary: Summary, alias: str, number: int | None) -> Summary:
    known = {version.version: version for version in _known(summary)}
    if number is not None and number not in known:
        raise NotEnoughError
    held = {name: version.version for name, version in summary.held.items() if name != alias}
    if number is not None:
        held[alias] = number
    aliases = {n: tuple(sorted(name for name, at in held.items() if at == n)) for n in known}
    fresh = {n: msgspec.structs.replace(version, aliases=aliases[n]) for n, version in known.items()}
    return msgspec.structs.replace(
        summary,
        newest=fresh.get(summary.count, summary.newest),
        held={name: fresh[held[name]] for name in sorted(held)},
    )


def _known(summary: Summary) -> list[Version]:
    unique = {version.version: version for version in (*summary.held.values(), *filter(None, (summary.newest,)))}
    return list(unique.values())


def _changed(summary: Summary, number: int, own: Yank | Review | Describe | Tag) -> Summary:
    by_number = {version.version: changed(version, own) for version in _known(summary) if version.version == number}
    newest = summary.newest
    return msgspec.structs.replace(
        summary,
        newest=None if newest is None else by_number.get(newest.version, newest),
        held={alias: by_number.get(version.version, version) for alias, version in summary.held.items()},
    )
