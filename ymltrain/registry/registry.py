"""The registry: numbered versions of models, their aliases and promotions, the same over every backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from ymltrain.diagnostics import ModelNameError, RegistryError
from ymltrain.kinds.contracts import RegistryBackend
from ymltrain.plan.sections import Promote
from ymltrain.registry import decisions
from ymltrain.registry.attestations import attest
from ymltrain.registry.events import (
    FORMAT_1,
    Describe,
    KnownChange,
    Promotion,
    Protect,
    Register,
    RemoveAlias,
    Review,
    ReviewState,
    Rollback,
    SetAlias,
    Tag,
    Yank,
)
from ymltrain.registry.faults import storage_faults
from ymltrain.registry.format import Format, ensure_format
from ymltrain.registry.gates import Court, Evidence, Goal
from ymltrain.registry.made import Made, registration
from ymltrain.registry.manifest import Manifest
from ymltrain.registry.reading import RegistryReader
from ymltrain.registry.references import check_alias
from ymltrain.registry.state import ModelState, Version
from ymltrain.registry.storing import complete_bundle, store_bundle
from ymltrain.registry.write import Write, current_user, new_write_id, utc_now

C = TypeVar("C", bound=KnownChange)


class Registry(RegistryReader):
    """Model versions over a backend, to read and to write. `actor` and `clock` are what events record as who and when.

    What a user or the storage got wrong is a RegistryError. A write that is repeated with the same `write_id`
    returns what the first one did and does nothing more; a lost answer is therefore no harm.
    """

    def __init__(self, backend: RegistryBackend, *, actor: str | None = None, clock: Callable[[], datetime] = utc_now) -> None:
        super().__init__(backend)
        self._actor = current_user() if actor is None else actor
        self._clock = clock

    def begin(self) -> Format:
        """Make sure that there is a registry which can be written: a new one is probed first. Raises RegistryError."""
        with storage_faults("begin", self.backend):
            return ensure_format(self.backend)

    def register(self, bundle: Path, *, model: str, made: Made | None = None, write_id: str | None = None) -> Version:
        """Store the files of a bundle folder and commit them as the next version of a model.

        A metric that is not finite is kept as null: it was measured and has no value.
        """
        facts = made or Made()
        write = self._write(write_id)
        stored: list[Manifest] = []

        def store() -> None:
            stored.append(self.store(bundle))
            attest(self.backend, stored[0], facts.provenance)

        def next_version(state: ModelState) -> Register:
            return registration(len(state.versions) + 1, stored[0], facts)

        change = self.commit(model, write, Register, next_version, store)
        if facts.tensor_digest != change.tensor_digest:
            raise _write_id_taken(write, f"the tensors {change.tensor_digest}")
        with storage_faults("write to", self.backend):
            complete_bundle(self.blobs, bundle, stored)
        return self.log(model).known.numbered(change.version)

    def set_alias(  # noqa: PLR0913 - what, where to, and four ways to be careful
        self,
        model: str,
        alias: str,
        version: int,
        *,
        expect: int | UnsetType | None = UNSET,
        override: str = "",
        write_id: str | None = None,
    ) -> Version:
        """Point an alias at a version; with `expect`, only while it points at that one (None: at none)."""
        check_alias(alias)
        moved = self.commit(
            model,
            self._write(write_id),
            SetAlias,
            lambda state: decisions.alias_set(state, alias, version, expect=expect, override=override),
        )
        return self.log(model).known.numbered(moved.version)

    def remove_alias(
        self, model: str, alias: str, *, expect: int | UnsetType = UNSET, override: str = "", write_id: str | None = None
    ) -> ModelState:
        """Take an alias away; with `expect`, only while it points at that version."""
        check_alias(alias)
        write = self._write(write_id)
        self.commit(
            model, write, RemoveAlias, lambda state: decisions.alias_removed(state, alias, expect=expect, override=override)
        )
        return self.log(model).known

    def roll_back(self, model: str, alias: str, *, reason: str = "", write_id: str | None = None) -> Rollback:
        """Put an alias back to what it was before its last move."""
        check_alias(alias)
        return self.commit(model, self._write(write_id), Rollback, lambda state: decisions.rolled_back(state, alias, reason))

    def protect(self, model: str, alias: str, *, is_protected: bool = True, write_id: str | None = None) -> Protect:
        """Let an alias be moved by gates and rollback only, or by anyone again."""
        check_alias(alias)
        write = self._write(write_id)
        return self.commit(model, write, Protect, lambda state: decisions.protected(state, alias, is_protected=is_protected))

    def review(self, model: str, version: int, state: ReviewState, *, reason: str = "", write_id: str | None = None) -> Review:
        """Give a version its place in a review."""
        return self.commit(model, self._write(write_id), Review, lambda now: decisions.reviewed(now, version, state, reason))

    def yank(self, model: str, version: int, *, reason: str, is_yanked: bool = True, write_id: str | None = None) -> Yank:
        """Withdraw a version, or bring it back: it stays readable by number and digest, and no alias may move to it."""
        write = self._write(write_id)
        return self.commit(model, write, Yank, lambda state: decisions.yanked(state, version, reason, is_yanked=is_yanked))

    def tag(self, model: str, key: str, value: str | None, *, version: int | None = None, write_id: str | None = None) -> Tag:
        """Set a tag of a version or, without one, of the model; None takes it away."""
        return self.commit(
            model, self._write(write_id), Tag, lambda state: _noted(state, Tag(key=key, value=value, version=version))
        )

    def describe(self, model: str, text: str, *, version: int | None = None, write_id: str | None = None) -> Describe:
        """Give a version or, without one, the model its description."""
        change = Describe(description=text, version=version)
        return self.commit(model, self._write(write_id), Describe, lambda state: _noted(state, change))

    def promote(  # noqa: PLR0913 - what goes before which gates, and what is known of it
        self,
        model: str,
        version: int,
        promote: Promote,
        *,
        goals: Mapping[str, Goal] | None = None,
        evidence: Evidence | None = None,
        override: str = "",
        write_id: str | None = None,
    ) -> Promotion:
        """Move an alias to a version when all gates pass; their outcomes are recorded either way, and returned.

        The gates see the model as it is at the commit: a champion crowned meanwhile is the one to beat.
        """
        check_alias(promote.alias)

        def judge(state: ModelState) -> Promotion:
            candidate = self._measured(state.numbered(version))
            court = Court(candidate, state, goals or {}, evidence or Evidence(), lambda one: self.document(one, "contract.json"))
            return decisions.judged(state, court, promote, override=override)

        return self.commit(model, self._write(write_id), Promotion, judge)

    def commit(
        self,
        model: str,
        write: Write,
        kind: type[C],
        decide: Callable[[ModelState], C],
        prepare: Callable[[], object] | None = None,
    ) -> C:
        """Append what `decide` makes of the model's state, or find what this write did before; see `ModelLog.append`."""
        log = self.log(model)
        with storage_faults("write to", self.backend):
            found = ensure_format(self.backend)
            if found.version == 1 and kind.__struct_config__.tag not in FORMAT_1:
                raise RegistryError(
                    "YT956",
                    f"the registry in {self.backend} has format 1, which knows no {kind.__struct_config__.tag}",
                    "`ymltrain registry upgrade` brings it to the present format; older ymltrains then refuse it",
                )
            change = log.append(write, decide, prepare).change
        if not isinstance(change, kind):
            raise _write_id_taken(write, f"another kind of write ({type(change).__name__})")
        return change

    def store(self, bundle: Path) -> Manifest:
        """Store the files of a bundle folder and their manifest; nothing refers to them yet."""
        return store_bundle(self.blobs, bundle)

    def _measured(self, version: Version) -> Version:
        """A version with its size, which early formats did not record."""
        return version if version.size is not None else msgspec.structs.replace(version, size=self.manifest(version).size)

    def _write(self, write_id: str | None) -> Write:
        return Write(new_write_id() if write_id is None else write_id, self._clock(), self._actor)


N = TypeVar("N", Tag, Describe)


def _noted(state: ModelState, note: N) -> N:
    if note.version is not None:
        state.numbered(note.version)
    elif not state.versions:
        raise ModelNameError("YT952", f'there is no model "{state.name}"', "register a version first")
    return note


def _write_id_taken(write: Write, by: str) -> RegistryError:
    return RegistryError("YT959", f"write id {write.write_id} was used before, for {by}", "take a new id for a new write")
