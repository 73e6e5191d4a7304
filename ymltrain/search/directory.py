"""A study on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ymltrain.diagnostics import UsageError
from ymltrain.plan.plan import Plan, read_plan, write_plan
from ymltrain.record.directory import RunDirectory
from ymltrain.record.faults import folder_fault
from ymltrain.record.lock import locked
from ymltrain.record.ulid import is_ulid, new_ulid, ulid_time
from ymltrain.search.events import Changed, StudyEvent
from ymltrain.search.journal import read_journal
from ymltrain.search.study import Study
from ymltrain.storage import write_durably

LIST_HINT = "studies lie in studies/ of the workspace; --workspace names another one"


@dataclass(frozen=True)
class StudyDirectory:
    """Where the parts of one study lie."""

    path: Path
    name: str
    study_id: str

    @classmethod
    def create(cls, workspace: Path, plan: Plan, *, recipe_text: str | None, provenance: Mapping[str, Any]) -> StudyDirectory:
        """Make the directory of a new study under `workspace`/studies. Raises UsageError when nothing can be written there."""
        study_id = new_ulid()
        identity = {"study_id": study_id, "name": plan.name, "created": ulid_time(study_id).isoformat()}
        folder = workspace / "studies" / plan.name
        unfinished = folder / f".new-{study_id}"
        try:
            unfinished.mkdir(parents=True)
            write_durably(unfinished / "plan.json", write_plan(plan))
            write_durably(
                unfinished / "provenance.json", msgspec.json.format(msgspec.json.encode({**identity, **provenance})) + b"\n"
            )
            if recipe_text is not None:
                write_durably(unfinished / "recipe.yaml", recipe_text.encode())
            unfinished.rename(folder / study_id)
        except OSError as error:
            raise folder_fault(folder, error) from error
        return cls(folder / study_id, plan.name, study_id)

    @property
    def journal_file(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def trials(self) -> Path:
        return self.path / "trials"

    @property
    def workers(self) -> Path:
        return self.path / "workers"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tb"

    def events(self) -> list[StudyEvent]:
        """What the journal tells. Raises RunError when it is damaged."""
        return list(read_journal(self.journal_file))

    def plan(self, events: list[StudyEvent]) -> Plan:
        """The plan that holds after these events."""
        changes = [event for event in events if isinstance(event, Changed)]
        return self.read_plan(changes[-1].plan_file if changes else "plan.json")

    def read_plan(self, name: str) -> Plan:
        """One of the plans of the study. Raises UsageError when it is missing or was changed."""
        try:
            return read_plan((self.path / name).read_bytes(), str(self.path / name))
        except OSError as error:
            raise UsageError("YT943", f"{self.path} is not the directory of a study: {error.strerror}", LIST_HINT) from None

    def study(self) -> tuple[Plan, Study]:
        """The plan and the state that the journal leads to."""
        events = self.events()
        plan = self.plan(events)
        assert plan.search is not None
        return plan, Study(plan.search, events)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the study while the block lasts. Raises UsageError when another process holds it."""
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(RunDirectory(self.path, self.name, self.study_id)))
            except UsageError as error:
                if error.code != "YT936":
                    raise
                message = f"study {self.study_id} is being searched by another process"
                raise UsageError("YT940", message, "wait until it ends, or stop it; its journal says which process it is") from None
            yield


def find_studies(workspace: Path, name: str | None = None) -> list[StudyDirectory]:
    """The studies of a workspace, of one name if it is given, the oldest first."""
    found = [
        StudyDirectory(path, path.parent.name, path.name)
        for path in (workspace / "studies").glob("*/*")
        if is_ulid(path.name) and (path / "plan.json").is_file() and name in (None, path.parent.name)
    ]
    return sorted(found, key=lambda study: study.study_id)


def find_study(workspace: Path, study: str) -> StudyDirectory:
    """The study that a STUDY argument names: an id, a unique prefix of one, a name (its newest), a path, or `latest`.

    Raises UsageError when there is none, or more than one.
    """
    path = Path(study)
    if path.is_dir() and (path / "plan.json").is_file() and is_ulid(path.resolve().name):
        path = path.resolve()
        return StudyDirectory(path, path.parent.name, path.name)
    studies = find_studies(workspace)
    if study == "latest" and studies:
        return studies[-1]
    matches = [one for one in studies if one.study_id.startswith(study.upper())]
    named = [one for one in studies if one.name == study]
    if len(matches) == 1:
        return matches[0]
    if named and not matches:
        return named[-1]
    shown = ", ".join(f"{one.study_id} ({one.name})" for one in reversed((matches or studies)[-6:]))
    hint = f"one of: {shown}" if shown else "start one with `ymltrain tune RECIPE`"
    what = (
        f'"{study}" is the beginning of {len(matches)} study ids'
        if matches
        else f'there is no study "{study}" in {workspace / "studies"}'
    )
    raise UsageError("YT943", what, hint)
