"""The registry: numbered versions of models, their aliases and promotions, the same over every backend."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType

from ymltrain.diagnostics import ModelNameError, RegistryError, did_you_mean
from ymltrain.kinds.contracts import RegistryBackend
from ymltrain.plan.sections import Promote
from ymltrain.registry.blobs import Blobs
from ymltrain.registry.events import KnownChange, Promotion, Register, RemoveAlias, SetAlias
from ymltrain.registry.faults import storage_faults
from ymltrain.registry.format import check_format, ensure_format
from ymltrain.registry.gates import Goal, judge_gate
from ymltrain.registry.log import ModelLog, model_of
from ymltrain.registry.manifest import Manifest, decode_manifest, read_folder
from ymltrain.registry.materialize import materialize
from ymltrain.registry.references import check_alias, check_model_name, parse_reference
from ymltrain.registry.state import ModelState, Version
from ymltrain.registry.write import Write, current_user, new_write_id, utc_now

C = TypeVar("C", bound=KnownChange)


class Registry:
    """Model versions over a backend. `actor` and `clock` are what events record as who and when.

    What a user or the storage got wrong is a RegistryError. A write that is repeated with the same `write_id`
    returns what the first one did and does nothing more; a lost answer is therefore no harm.
    """

    def __init__(self, backend: RegistryBackend, *, actor: str | None = None, clock: Callable[[], datetime] = utc_now) -> None:
        self._backend = backend
        self._blobs = Blobs(backend)
        self._logs: dict[str, ModelLog] = {}
        self._actor = current_user() if actor is None else actor
        self._clock = clock

    def list_models(self) -> list[str]:
        """The names of all models, sorted."""
        with storage_faults("read", self._backend):
            check_format(self._backend)
            return sorted(set(filter(None, map(model_of, self._backend.list("models")))))

    def show(self, name: str) -> ModelState:
        """A model with its versions and aliases."""
        log = self._log(name)
        with storage_faults("read", self._backend):
            check_format(self._backend)
            state = log.read().state
        if not state.versions:
            raise ModelNameError("YT952", f'there is no model "{name}" in {self._backend}', did_you_mean(name, self.list_models()))
        return state

    def resolve(self, reference: str) -> Version:
        """The version that `name@alias`, `name@3` or `name@sha256:…` names."""
        parsed = parse_reference(reference)
        return self.show(parsed.model).picked(parsed.pick)

    def materialize(self, version: Version, into: Path) -> Path:
        """The files of a version in the folder `into`: whole and verified, or RegistryError and no folder.

        Where the folder exists, it is verified against the version instead; a cache may so be asked again and again.
        """
        with storage_faults("copy from", self._backend):
            check_format(self._backend)
            content = self._blobs.read(version.digest, what=f"the manifest of {version}")
            return materialize(self._blobs, decode_manifest(content, str(version)), into, str(version))

    def register(  # noqa: PLR0913 - all but the folder are keywords, each a fact of its own
        self,
        bundle: Path,
        *,
        model: str,
        run_id: str | None = None,
        tensor_digest: str | None = None,
        metrics: Mapping[str, float] | None = None,
        lineage: Mapping[str, Any] | None = None,
        write_id: str | None = None,
    ) -> Version:
        """Store the files of a bundle folder and commit them as the next version of a model.

        A metric that is not finite is kept as null: it was measured and has no value. `lineage` is any JSON object.
        """
        write = self._write(write_id)
        stored: list[Manifest] = []

        def next_version(state: ModelState) -> Register:
            if not stored:
                stored.append(self._store(bundle))
            return Register(
                version=len(state.versions) + 1,
                digest=stored[0].digest,
                tensor_digest=tensor_digest,
                run_id=run_id,
                metrics={name: value if math.isfinite(value) else None for name, value in (metrics or {}).items()},
                lineage=dict(lineage or {}),
            )

        made = self._commit(model, write, Register, next_version)
        if tensor_digest != made.tensor_digest:
            raise _write_id_taken(write, f"the tensors {made.tensor_digest}")
        return self.show(model).numbered(made.version)

    def set_alias(
        self,
        model: str,
        alias: str,
        version: int,
        *,
        expect: int | UnsetType | None = UNSET,
        write_id: str | None = None,
    ) -> Version:
        """Point an alias at a version; with `expect`, only while it points at that one (None: at none)."""
        check_alias(alias)

        def move(state: ModelState) -> SetAlias:
            _check_expected(state, alias, expect)
            _check_active(state.numbered(version))
            return SetAlias(alias=alias, version=version, expect=expect)

        moved = self._commit(model, self._write(write_id), SetAlias, move)
        return self.show(model).numbered(moved.version)

    def remove_alias(self, model: str, alias: str, *, expect: int | UnsetType = UNSET, write_id: str | None = None) -> ModelState:
        """Take an alias away; with `expect`, only while it points at that version."""
        check_alias(alias)

        def remove(state: ModelState) -> RemoveAlias:
            _check_expected(state, alias, expect)
            state.picked(alias)
            return RemoveAlias(alias=alias, expect=expect)

        self._commit(model, self._write(write_id), RemoveAlias, remove)
        return self.show(model)

    def promote(
        self,
        model: str,
        version: int,
        promote: Promote,
        *,
        goals: Mapping[str, Goal],
        write_id: str | None = None,
    ) -> Promotion:
        """Move an alias to a version when all gates pass; their outcomes are recorded either way, and returned.

        The gates see the model as it is at the commit: a champion crowned meanwhile is the one to beat.
        """
        check_alias(promote.alias)

        def judge(state: ModelState) -> Promotion:
            candidate = state.numbered(version)
            _check_active(candidate)
            gates = tuple(judge_gate(gate, candidate, state, goals) for gate in promote.gates)
            return Promotion(
                alias=promote.alias,
                version=version,
                promoted=all(gate.passed for gate in gates),
                previous=state.aliases.get(promote.alias),
                gates=gates,
            )

        return self._commit(model, self._write(write_id), Promotion, judge)

    def _commit(self, model: str, write: Write, kind: type[C], decide: Callable[[ModelState], C]) -> C:
        """Append what `decide` makes of the model's state, or find what this write did before."""
        log = self._log(model)
        with storage_faults("write to", self._backend):
            ensure_format(self._backend)
            change = log.append(write, decide).change
        if not isinstance(change, kind):
            raise _write_id_taken(write, f"another kind of write ({type(change).__name__})")
        return change

    def _log(self, model: str) -> ModelLog:
        check_model_name(model)
        return self._logs.setdefault(model, ModelLog(self._backend, model))

    def _store(self, bundle: Path) -> Manifest:
        manifest = read_folder(bundle)
        for file in manifest.files:
            self._blobs.put_file(file.digest, bundle / file.path)
        self._blobs.put(manifest.digest, manifest.encode())
        return manifest

    def _write(self, write_id: str | None) -> Write:
        return Write(new_write_id() if write_id is None else write_id, self._clock(), self._actor)


def _check_expected(state: ModelState, alias: str, expect: int | UnsetType | None) -> None:
    points_at = state.aliases.get(alias)
    if expect is not UNSET and expect != points_at:
        wanted, found = (f"version {number}" if number else "no version" for number in (expect, points_at))
        raise RegistryError(
            "YT953",
            f'alias "{alias}" of model "{state.name}" was expected at {wanted}, but points at {found}',
            "someone moved it meanwhile; look again and decide anew",
        )


def _check_active(version: Version) -> None:
    if version.state != "active":
        raise RegistryError("YT959", f"{version} is {version.state}: no alias may move to it", "choose an active version")


def _write_id_taken(write: Write, by: str) -> RegistryError:
    return RegistryError("YT959", f"write id {write.write_id} was used before, for {by}", "take a new id for a new write")
