"""The document of a search, for programs."""

from __future__ import annotations

from typing import Any

from ymltrain.plan.plan import Plan
from ymltrain.search.directory import StudyDirectory
from ymltrain.search.findings import find
from ymltrain.search.search import Searched
from ymltrain.search.study import Study, Trial


def as_document(searched: Searched) -> dict[str, Any]:
    """What `tune --json` prints."""
    return study_document(searched.directory, searched.plan, searched.study)


def study_document(directory: StudyDirectory, plan: Plan, study: Study) -> dict[str, Any]:
    """A study, ended or not."""
    best, closed = study.best, study.closed
    return {
        "study_id": directory.study_id,
        "study_dir": str(directory.path),
        "metric": study.spec.metric,
        "goal": study.spec.goal,
        "ended": None if closed is None else {"reason": closed.reason, "is_over": closed.is_over},
        "best": None
        if best is None
        else {"trial": best.number, "value": best.value, "params": best.point, "metrics": best.metrics},
        "trials": [_trial(trial) for trial in study.trials],
        "findings": [{"name": finding.name, "message": finding.message} for finding in find(plan, study)],
        "seconds": round(study.seconds, 3),
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "trial": trial.number,
        "state": trial.state,
        "value": trial.value,
        "params": trial.point,
        "epochs": len(trial.values),
        "values": trial.values,
        "source": trial.source,
        "failure": trial.failure,
        "reason": trial.reason,
        "attempts": trial.attempts,
        "seconds": round(trial.seconds, 3),
    }
