"""A run on disk: one directory, one writer for each file, copied as it is with cp or rsync.

runs/<name>/<run_id>/
    plan.json  recipe.yaml (as written)  resolved.yaml  provenance.json  origins.json  code/   there from the start
    attempts/<n>.json           one execution of the plan: where, since when, resumed from what, how it ended
    metrics/<n>-<rank>.jsonl    the values that attempt n logged
    drawings/<n>.jsonl          histograms and the graph that attempt n drew, where the recipe asks for them
    evidence/<n>.json           what attempt n began with, as digests
    system/<n>.jsonl            how the machine fared
    log.txt  output.txt  tb/  checkpoints/  bundle/  artifacts/
    artifacts.json              the files of the run by digest
    labels.json                 tags and notes of people
    final.json                  put once, when the run has ended for good
    lock                        held, as long as it lives, by the process that runs it

A run appears whole: it is made under a name that begins with `.` and then renamed, so what a killed `create`
leaves behind never looks like a run. The id, the name and the time of creation stand in provenance.json too,
so that a directory that was moved or renamed still says which run it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ymltrain.diagnostics import UsageError
from ymltrain.plan.plan import Plan, read_plan, write_plan
from ymltrain.record.faults import folder_fault
from ymltrain.record.ulid import is_ulid, new_ulid, ulid_time
from ymltrain.storage import path_problem, write_durably

UNFINISHED_PREFIX = ".new-"


@dataclass(frozen=True)
class RunDirectory:
    """Where the parts of one run lie."""

    path: Path
    name: str
    run_id: str

    @classmethod
    def create(  # noqa: PLR0913 - each is one file of the directory, and all are named
        cls,
        workspace: Path,
        name: str,
        plan: Plan,
        *,
        recipe_text: str | None,
        resolved_yaml: str,
        provenance: Mapping[str, Any],
        code: Mapping[str, bytes] | None = None,
    ) -> RunDirectory:
        """Make the directory of a new run under `workspace`/runs, with all that is known before it starts.

        `recipe_text` is None when the run was started from a Plan alone; `code` are files by their path in the
        directory. Raises UsageError when the name cannot be a folder or nothing can be written there.
        """
        _check_name(name)
        run_id = new_ulid()
        identity = {"run_id": run_id, "name": name, "created": ulid_time(run_id).isoformat()}
        files = {
            "plan.json": write_plan(plan),
            "resolved.yaml": resolved_yaml.encode(),
            "provenance.json": msgspec.json.format(msgspec.json.encode({**identity, **provenance}), indent=2) + b"\n",
        }
        if recipe_text is not None:
            files["recipe.yaml"] = recipe_text.encode()
        files |= code or {}
        folder = workspace / "runs" / name
        try:
            path = _make_whole(folder, run_id, files)
        except OSError as error:
            raise folder_fault(folder, error) from error
        return cls(path, name, run_id)

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """The run whose directory this is. Raises UsageError when it is none."""
        try:
            identity = msgspec.json.decode((path / "provenance.json").read_bytes(), type=_Identity)
        except (OSError, msgspec.DecodeError) as error:
            raise UsageError(
                "YT935",
                f"{path} is not the directory of a run: {error}",
                "a run's directory holds plan.json and provenance.json; `ymltrain runs ls` lists the runs of a workspace",
            ) from None
        if not is_ulid(identity.run_id):
            raise UsageError("YT935", f"{path} is not the directory of a run: it says it is run {identity.run_id!r}")
        return cls(path, identity.name, identity.run_id)

    def plan(self) -> Plan:
        """The Plan this run executes. Raises UsageError when plan.json is missing or was changed."""
        try:
            content = self.plan_file.read_bytes()
        except OSError as error:
            raise UsageError("YT935", f"{self.path} is not the directory of a run: {error}") from None
        return read_plan(content, str(self.plan_file))

    def replace_plan(self, plan: Plan, resolved_yaml: str) -> None:
        """Let the run go on with another plan; those it went by before stay in plans/. Raises RunError or UsageError."""
        try:
            before = self.plan_file.read_bytes()
            self.earlier_plans.mkdir(exist_ok=True)
            write_durably(self.earlier_plans / f"{len(list(self.earlier_plans.iterdir())) + 1}.json", before)
            write_durably(self.path / "resolved.yaml", resolved_yaml.encode())
            write_durably(self.plan_file, write_plan(plan))
        except OSError as error:
            raise folder_fault(self.path, error) from error

    def earlier_digests(self) -> tuple[str, ...]:
        """The digests of the plans that the run went by before: checkpoints made under them are its own."""
        files = sorted(self.earlier_plans.glob("*.json")) if self.earlier_plans.is_dir() else []
        return tuple(read_plan(file.read_bytes(), str(file)).digest for file in files)

    @property
    def earlier_plans(self) -> Path:
        return self.path / "plans"

    @property
    def created(self) -> str:
        """When the run was made: ISO 8601, in UTC."""
        return ulid_time(self.run_id).isoformat()

    @property
    def plan_file(self) -> Path:
        return self.path / "plan.json"

    @property
    def recipe_file(self) -> Path:
        return self.path / "recipe.yaml"

    @property
    def provenance_file(self) -> Path:
        return self.path / "provenance.json"

    @property
    def final_file(self) -> Path:
        return self.path / "final.json"

    @property
    def lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def log_file(self) -> Path:
        return self.path / "log.txt"

    @property
    def attempts(self) -> Path:
        return self.path / "attempts"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics"

    @property
    def drawings(self) -> Path:
        return self.path / "drawings"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def bundle(self) -> Path:
        return self.path / "bundle"


class _Identity(msgspec.Struct):
    run_id: str
    name: str


def _check_name(name: str) -> None:
    problem = "has more than one segment" if "/" in name else path_problem(name)
    if problem is None and name.startswith("."):
        problem = 'begins with "."'
    if problem is not None:
        raise UsageError("YT932", f'the name "{name}" cannot name a folder of runs: it {problem}', "change `name` in the recipe")


def _make_whole(folder: Path, run_id: str, files: Mapping[str, bytes]) -> Path:
    """A folder with these files in it, durable, that has its name only when all of them lie there."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{UNFINISHED_PREFIX}{run_id}"
    unfinished.mkdir()
    for file_name, content in files.items():
        write_durably(unfinished / file_name, content)
    path = folder / run_id
    unfinished.rename(path)
    return path
