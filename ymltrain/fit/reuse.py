"""What an earlier run of this workspace has done already: found by the digests of its stages and of its data.

`cache/stages/<stage digest>/<data digest>.json` names the run that has done a stage. Whether its result is still
there and sound is looked at when it is taken; a run that was removed is simply not found.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec

from ymltrain.diagnostics import YmltrainError
from ymltrain.plan.plan import Plan
from ymltrain.record.directory import RunDirectory
from ymltrain.record.final import Final, read_final
from ymltrain.storage.atomic import write_durably
from ymltrain.storage.digests import bytes_digest

REUSED_STAGES = ("train", "evaluate", "register")
"""The stages whose results later runs take; encoded data have a cache of their own, bundles are made anew."""


@dataclass(frozen=True)
class Earlier:
    """A run that ended well."""

    run: RunDirectory
    final: Final

    def measured(self, is_wanted: Callable[[str], bool]) -> dict[str, float]:
        """The run's metrics by full name, those that are wanted; NaN where the record has no number."""
        wanted = {name: value for name, value in self.final.metrics.items() if is_wanted(name)}
        return {name: math.nan if value is None else value for name, value in wanted.items()}


class _Entry(msgspec.Struct, frozen=True):
    run_dir: str


class StageIndex:
    """Which runs of a workspace have done which stages of this plan, by the same code."""

    def __init__(self, workspace: Path, plan: Plan, code: str) -> None:
        self._workspace = workspace
        self._plan = plan
        self._code = code

    def may_know(self, stage: str) -> bool:
        """Whether some run has done this stage, over some data."""
        return self._folder(stage).is_dir()

    def find(self, stage: str, fingerprint: str) -> Earlier | None:
        """The run that has done this stage over these data, when it ended well and is still there."""
        try:
            entry = msgspec.json.decode(self._file(stage, fingerprint).read_bytes(), type=_Entry)
            run = RunDirectory.open(self._workspace / entry.run_dir)
            final = read_final(run)
        except (OSError, msgspec.DecodeError, YmltrainError):
            return None
        return Earlier(run, final) if final is not None and final.status == "done" else None

    def remember(self, run: RunDirectory, fingerprint: str) -> None:
        """Let later runs find what this one has done. Raises nothing: a full disk costs them the finding only."""
        with suppress(OSError, ValueError):
            content = msgspec.json.encode(_Entry(run.path.resolve().relative_to(self._workspace.resolve()).as_posix()))
            for stage in self._plan.stages:
                if stage.name in REUSED_STAGES:
                    write_durably(self._file(stage.name, fingerprint), content)

    def _folder(self, stage: str) -> Path:
        """Of the stage and of what its result depends on besides the plan: the code, torch, and how it adds up in threads."""
        threads = f"{os.environ.get('OMP_NUM_THREADS', '')}/{os.cpu_count()}"
        circumstances = f"{self._plan.stage(stage).digest}/{version('torch')}/{threads}/{self._code}"
        return self._workspace / "cache" / "stages" / bytes_digest(circumstances.encode()).removeprefix("sha256:")

    def _file(self, stage: str, fingerprint: str) -> Path:
        return self._folder(stage) / f"{fingerprint.removeprefix('sha256:')}.json"
