"""The search stage of a fit: from a plan with a tuner to the plan of its best trial."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ymltrain.catalog.catalog import Catalog
from ymltrain.cli.new_run import Written
from ymltrain.cli.prepare_study import ReadyStudy
from ymltrain.plan.plan import Plan
from ymltrain.record.provenance import gather_provenance
from ymltrain.record.redaction import Redactor
from ymltrain.report.study import search_view, show_searched
from ymltrain.search.directory import StudyDirectory, find_studies
from ymltrain.search.findings import find
from ymltrain.search.search import Searched, best_plan, plan_of_point, search

if TYPE_CHECKING:
    from ymltrain.cli.fit import Asked

EXIT_CODES = {"interrupted": 130, "preempted": 75}


@dataclass(frozen=True)
class Chosen:
    """What a search leaves a fit with: the plan of the best trial, or the exit code of a search that was cut short."""

    searched: Searched
    plan: Plan | None
    exit_code: int = 0

    @property
    def document(self) -> dict[str, Any]:
        """The search in the document of a fit."""
        best = self.searched.study.best
        return {
            "study_id": self.searched.directory.study_id,
            "study_dir": str(self.searched.directory.path),
            "trial": None if best is None else best.number,
            "value": None if best is None else best.value,
            "params": None if best is None else best.point,
        }


def search_first(asked: Asked, plan: Plan, written: Written, workspace: Path, catalog: Catalog) -> Chosen:
    """Search, or search on with --resume, and compile the best trial. Raises RunError when no trial is complete."""
    directory = _study_to_resume(workspace, plan) if asked.resume is not None else None
    if directory is None:
        provenance = gather_provenance(sys.argv, os.environ, Path.cwd(), written.files).document
        text = written.text(Redactor(os.environ))
        directory = StudyDirectory.create(workspace, plan, recipe_text=text, provenance=provenance)
    ready = ReadyStudy(directory, plan, workspace, catalog, os.environ, asked.plugins)
    with search_view(plan.name, directory.path) as view:
        job = ready.job(view)
        searched = search(job)
    if searched.closed.reason in EXIT_CODES:
        return Chosen(searched, None, EXIT_CODES[searched.closed.reason])
    if not asked.as_json:
        show_searched(searched, find(searched.plan, searched.study))
    return Chosen(searched, best_plan(searched.plan, searched.study, job))


def without_search(plan: Plan, workspace: Path, catalog: Catalog) -> Plan:
    """The plan of the recipe's own values, nothing searched."""
    return plan_of_point(plan, {}, workspace, catalog, os.environ)


def _study_to_resume(workspace: Path, plan: Plan) -> StudyDirectory | None:
    studies = find_studies(workspace, plan.name)
    return studies[-1] if studies else None


def with_search(asked: Asked) -> bool:
    """Whether a fit searches first: not with --no-tune, and not when it goes on with a run that is named."""
    from ymltrain.cli.fit import NEWEST

    return not asked.no_tune and asked.resume in (None, NEWEST)
