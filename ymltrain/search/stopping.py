"""When a search ends before its trials are used up."""

from __future__ import annotations

from collections import Counter

from ymltrain.plan.search.history import PastTrial
from ymltrain.search.study import Knowledge, Study, Trial

HOPELESS = 3
"""So many first trials that fail for one reason end a search: the next ones would too."""


def reason_to_stop(study: Study, known: Knowledge) -> str | None:
    """Why no further trial should start, going by what is known; None when one should."""
    complete = sorted((trial for trial in known.history if trial.state == "complete"), key=lambda trial: trial.number)
    return _value_reached(study, complete) or _no_improvement(study, complete) or _failures(study, known)


def out_of_time(study: Study, seconds: float) -> str | None:
    """The same for the time that a search may take."""
    allowed = study.spec.budget.seconds
    return f"its time of {study.spec.budget.max_time} is over" if allowed is not None and seconds >= allowed else None


def _value_reached(study: Study, complete: list[PastTrial]) -> str | None:
    wanted = study.spec.budget.stop.value
    if wanted is None or not any(trial.loss is not None and trial.loss <= study.loss(wanted) for trial in complete):
        return None
    return f"a trial reached {study.spec.metric} {wanted:g}"


def _no_improvement(study: Study, complete: list[PastTrial]) -> str | None:
    patience = study.spec.budget.stop.no_improvement
    if patience is None or len(complete) <= patience:
        return None
    losses = [trial.loss or 0.0 for trial in complete]
    if min(losses[-patience:]) < min(losses[:-patience]):
        return None
    return f"{patience} complete trials in a row brought no improvement"


def _failures(study: Study, known: Knowledge) -> str | None:
    ended = {trial.number for trial in known.history}
    failed = [trial for trial in study.visible if trial.number in ended and trial.state == "failed"]
    counted = [trial for trial in failed if trial.failure != "not_finite"]
    if len(counted) > study.spec.budget.allowed_failures:
        return f"{len(counted)} trials failed: {failure_summary(failed)}"
    first = study.visible[:HOPELESS]
    if len(first) == HOPELESS and all(trial in failed for trial in first) and len({trial.reason for trial in first}) == 1:
        return f"the first {HOPELESS} trials all failed: {first[0].reason}"
    return None


def failure_summary(failed: list[Trial]) -> str:
    """How many trials failed for what: `3 × user_error, 1 × out_of_memory`."""
    counts = Counter(trial.failure or "unknown" for trial in failed)
    return ", ".join(f"{count} × {failure}" for failure, count in counts.most_common())
