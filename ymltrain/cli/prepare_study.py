"""From what the command line asks to a study's directory: a new study, or one to go on with."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import UsageError
from ymltrain.plan.plan import Plan
from ymltrain.record.provenance import gather_provenance
from ymltrain.record.redaction import Redactor
from ymltrain.record.workspace import find_workspace
from ymltrain.search.directory import StudyDirectory, find_studies, find_study
from ymltrain.search.engine import View
from ymltrain.search.search import SearchJob

if TYPE_CHECKING:
    from ymltrain.cli.fit import Asked


@dataclass(frozen=True)
class ReadyStudy:
    """A study's directory and all that searching takes."""

    directory: StudyDirectory
    plan: Plan | None
    workspace: Path
    catalog: Catalog
    environment: Mapping[str, str]
    plugins: tuple[Path, ...]

    def job(self, watcher: View) -> SearchJob:
        """The search to run, watched by someone."""
        return SearchJob(
            directory=self.directory,
            workspace=self.workspace,
            catalog=self.catalog,
            environment=self.environment,
            plugins=self.plugins,
            watcher=watcher,
            plan=self.plan,
        )


def prepare_study(asked: Asked) -> ReadyStudy:
    """Compile the plan and make the study's directory, or find the study to resume.

    Raises RecipeError, UsageError, PluginError.
    """
    from ymltrain.cli.prepare_run import compile_asked

    workspace = find_workspace(asked.workspace)
    catalog = Catalog.installed(asked.plugins)
    plan, written = compile_asked(asked, workspace, catalog)
    if plan is not None and plan.search is None:
        raise UsageError(
            "YT947", "the recipe has no tuner, so there is nothing to search", "add a `tuner:` section, or use `ymltrain fit`"
        )
    directory = _study_to_resume(asked, workspace, plan)
    if directory is None:
        assert plan is not None
        provenance = gather_provenance(sys.argv, os.environ, Path.cwd(), written.files).document
        text = written.text(Redactor(os.environ))
        directory = StudyDirectory.create(workspace, plan, recipe_text=text, provenance=provenance)
    return ReadyStudy(directory, plan, workspace, catalog, os.environ, asked.plugins)


def _study_to_resume(asked: Asked, workspace: Path, plan: Plan | None) -> StudyDirectory | None:
    from ymltrain.cli.tune import NEWEST

    if asked.resume is None:
        return None
    if asked.resume != NEWEST:
        return find_study(workspace, asked.resume)
    assert plan is not None
    studies = find_studies(workspace, plan.name)
    if not studies:
        hint = "start one: the same command without --resume"
        raise UsageError("YT943", f'there is no study of "{plan.name}" in {workspace / "studies"}', hint)
    return studies[-1]
