"""A registry as somebody sees it who only reads: models, versions, aliases, files, now or at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from ymltrain.diagnostics import ModelNameError, did_you_mean
from ymltrain.kinds.contracts import RegistryBackend
from ymltrain.registry.blobs import Blobs
from ymltrain.registry.events import Event
from ymltrain.registry.faults import storage_faults
from ymltrain.registry.fold import fold
from ymltrain.registry.format import check_format
from ymltrain.registry.log import ModelLog
from ymltrain.registry.manifest import Manifest, decode_manifest
from ymltrain.registry.materialize import materialize
from ymltrain.registry.references import check_model_name, parse_reference
from ymltrain.registry.state import ModelState, Version
from ymltrain.registry.summary import Summary
from ymltrain.storage import is_digest, model_name_problem


class RegistryReader:
    """Reads model versions over a backend, and verifies what it reads.

    What a user or the storage got wrong is a RegistryError.
    """

    def __init__(self, backend: RegistryBackend) -> None:
        self.backend = backend
        self.blobs = Blobs(backend)
        self._logs: dict[str, ModelLog] = {}

    def check(self) -> None:
        """Read the registry's format: it can be reached, and this ymltrain knows it. Raises RegistryError."""
        with storage_faults("read", self.backend):
            check_format(self.backend)

    def list_models(self) -> list[str]:
        """The names of all models that have a log, sorted."""
        with storage_faults("read", self.backend):
            check_format(self.backend)
            names = [name for name in self.backend.folders("models") if model_name_problem(name) is None]
            return [name for name in names if self.log(name).has_begun()]

    def summaries(self) -> list[Summary]:
        """All models in short, by name."""
        with storage_faults("read", self.backend):
            check_format(self.backend)
            names = [name for name in self.backend.folders("models") if model_name_problem(name) is None]
            return [summary for summary in (self.log(name).summary() for name in names) if summary.count]

    def summarize(self, name: str) -> Summary:
        """A model in short, for much less reading than `show`."""
        log = self.log(name)
        with storage_faults("read", self.backend):
            check_format(self.backend)
            summary = log.summary()
        if not summary.count:
            raise self._no_model(name)
        return summary

    def show(self, name: str, *, at: datetime | None = None) -> ModelState:
        """A model with its versions and aliases, as they are, or as they were at a time."""
        log = self.log(name)
        with storage_faults("read", self.backend):
            check_format(self.backend)
            state = log.read().state if at is None else fold(name, until(log.events(), at))
        if not state.versions:
            raise self._no_model(name)
        return state

    def events(self, name: str) -> list[Event]:
        """All that ever happened to a model, in order."""
        self.show(name)
        with storage_faults("read", self.backend):
            return self.log(name).events()

    def resolve(self, reference: str) -> Version:
        """The version that `name@alias`, `name@3` or `name@sha256:…` names."""
        parsed = parse_reference(reference)
        if isinstance(parsed.pick, str) and not is_digest(parsed.pick):
            return self.summarize(parsed.model).named(parsed.pick)
        return self.show(parsed.model).picked(parsed.pick)

    def manifest(self, version: Version) -> Manifest:
        """The files of a version."""
        with storage_faults("read", self.backend):
            content = self.blobs.read(version.digest, what=f"the manifest of {version}")
        return decode_manifest(content, str(version))

    def document(self, version: Version, path: str) -> dict[str, Any] | None:
        """The JSON object in a file of a version; None when it has no such file."""
        for file in self.manifest(version).files:
            if file.path == path:
                with storage_faults("read", self.backend):
                    content = self.blobs.read(file.digest, what=f"{path} of {version}")
                document = msgspec.json.decode(content)
                return document if isinstance(document, dict) else None
        return None

    def materialize(self, version: Version, into: Path) -> Path:
        """The files of a version in the folder `into`: whole and verified, or RegistryError and no folder.

        Where the folder exists, it is verified against the version instead; a cache may so be asked again and again.
        """
        with storage_faults("copy from", self.backend):
            check_format(self.backend)
            return materialize(self.blobs, self.manifest(version), into, str(version))

    def log(self, model: str) -> ModelLog:
        """The log of a model. Raises ModelNameError when none can have this name."""
        check_model_name(model)
        return self._logs.setdefault(model, ModelLog(self.backend, model))

    def _no_model(self, name: str) -> ModelNameError:
        return ModelNameError("YT952", f'there is no model "{name}" in {self.backend}', did_you_mean(name, self.list_models()))


def until(events: Sequence[Event], at: datetime) -> Sequence[Event]:
    """The events up to the last one that happened by then."""
    return events[: max((event.seq for event in events if event.at <= at), default=0)]
