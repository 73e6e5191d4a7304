"""What a model's log adds up to: its versions and aliases."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from ymltrain.diagnostics import ModelNameError, RegistryError, did_you_mean
from ymltrain.registry.events import Link, ReviewState, SliceMetrics
from ymltrain.storage import is_digest


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a model. `digest` is that of its manifest, hence of every file in it.

    `state` is where its review stands, or `yanked` while it is withdrawn; the other fields are as they were registered.
    """

    model: str
    version: int
    digest: str
    tensor_digest: str | None
    run_id: str | None
    metrics: dict[str, float | None]
    lineage: dict[str, Any]
    aliases: tuple[str, ...]
    created: datetime
    actor: str
    state: Literal["candidate", "approved", "rejected", "archived", "yanked"] = "candidate"
    review: ReviewState = "candidate"
    reason: str = ""
    description: str = ""
    tags: dict[str, str] = {}
    links: tuple[Link, ...] = ()
    size: int | None = None
    evaluated_on: str | None = None
    goals: dict[str, Literal["minimize", "maximize"]] = {}
    promote: dict[str, Any] | None = None
    slices: tuple[SliceMetrics, ...] = ()
    baselines: dict[str, dict[str, float | None]] = {}

    def __str__(self) -> str:
        return f"{self.model}@{self.version}"


class ModelState(msgspec.Struct, frozen=True, kw_only=True):
    """A model as its log leaves it.

    `positions` are where each alias ever pointed, the last move at the end, less what was rolled back. `unknown_ops`
    are those of events which a later ymltrain wrote and this one skipped.
    """

    name: str
    versions: tuple[Version, ...] = ()
    aliases: dict[str, int] = {}
    positions: dict[str, tuple[int | None, ...]] = {}
    protected: tuple[str, ...] = ()
    description: str = ""
    tags: dict[str, str] = {}
    unknown_ops: tuple[str, ...] = ()

    def numbered(self, number: int) -> Version:
        """The version with this number. Raises ModelNameError when there is none."""
        if 1 <= number <= len(self.versions):
            return self.versions[number - 1]
        has = f"it has versions 1 to {len(self.versions)}" if self.versions else "it has no version yet"
        raise ModelNameError("YT952", f'model "{self.name}" has no version {number}', has)

    def picked(self, pick: str | int) -> Version:
        """The version an alias, a number or a manifest digest picks (the newest where several have that digest)."""
        if isinstance(pick, int):
            return self.numbered(pick)
        if is_digest(pick):
            found = [version for version in self.versions if version.digest == pick]
            if found:
                return found[-1]
            raise ModelNameError("YT952", f'model "{self.name}" has no version with digest {pick}', "see `ymltrain models show`")
        check_certain(self.name, self.unknown_ops)
        if pick not in self.aliases:
            raise no_such_alias(self.name, pick, self.aliases)
        return self.numbered(self.aliases[pick])


def check_certain(name: str, unknown_ops: tuple[str, ...]) -> None:
    """Raise RegistryError where events that were skipped may have moved the aliases."""
    if unknown_ops:
        raise RegistryError(
            "YT956",
            f'a newer ymltrain wrote to the log of model "{name}" ({", ".join(unknown_ops)}); where its aliases point is not '
            "certain here",
            "upgrade ymltrain, or name the version by number or digest",
        )


def no_such_alias(name: str, alias: str, aliases: dict[str, int]) -> ModelNameError:
    """The error for an alias that a model does not have."""
    return ModelNameError("YT952", f'model "{name}" has no alias "{alias}"', did_you_mean(alias, aliases))
