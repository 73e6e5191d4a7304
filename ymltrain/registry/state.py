"""What a model's log adds up to: its versions and aliases."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from ymltrain.diagnostics import ModelNameError, RegistryError, did_you_mean
from ymltrain.storage import is_digest


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a model. `digest` is that of its manifest, hence of every file in it."""

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
    state: Literal["active", "yanked"] = "active"
    description: str = ""
    tags: dict[str, str] = {}

    def __str__(self) -> str:
        return f"{self.model}@{self.version}"


class ModelState(msgspec.Struct, frozen=True, kw_only=True):
    """A model as its log leaves it. `unknown_ops` are those of events which a later ymltrain wrote and this one skipped."""

    name: str
    versions: tuple[Version, ...] = ()
    aliases: dict[str, int] = {}
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
        if self.unknown_ops:
            ops = ", ".join(self.unknown_ops)
            raise RegistryError(
                "YT956",
                f'a newer ymltrain wrote to the log of model "{self.name}" ({ops}); where its aliases point is not certain here',
                "upgrade ymltrain, or name the version by number or digest",
            )
        if pick not in self.aliases:
            raise ModelNameError("YT952", f'model "{self.name}" has no alias "{pick}"', did_you_mean(pick, self.aliases))
        return self.numbered(self.aliases[pick])
