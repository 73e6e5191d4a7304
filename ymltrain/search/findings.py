"""What someone who searched should be aware of, found in the study itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ymltrain.plan.plan import Plan
from ymltrain.plan.search.domains import Switch
from ymltrain.search.stopping import failure_summary
from ymltrain.search.study import Study

NEAR = 0.02
"""How near to a bound, as a part of the range, the best is said to lie on it."""

FEW_PRUNED = 0.05
MANY_FAILED = 0.2
STARTUP = 10


@dataclass(frozen=True)
class Finding:
    """Something to be aware of: a name for programs, words for people."""

    name: str
    message: str


def find(plan: Plan, study: Study) -> list[Finding]:
    """All that applies, in an order of weight."""
    return [
        *_no_result(study),
        *_failed(study),
        *_boundary(study),
        *_pruner(plan, study),
        *_budget(study),
        *_no_better(plan, study),
    ]


def _no_result(study: Study) -> Iterator[Finding]:
    if study.best is None and study.trials:
        yield Finding("no_result", "no trial is complete: there is no best candidate")


def _failed(study: Study) -> Iterator[Finding]:
    failed = [trial for trial in study.trials if trial.state == "failed"]
    if failed and len(failed) >= MANY_FAILED * len(study.trials):
        reason = max({trial.reason for trial in failed}, key=[trial.reason for trial in failed].count)
        yield Finding(
            "many_failed", f"{len(failed)} of {len(study.trials)} trials failed ({failure_summary(failed)}); most of all: {reason}"
        )


def _boundary(study: Study) -> Iterator[Finding]:
    """A best value on the edge of its range says that the range may be too narrow."""
    best = study.best
    if best is None or len(study.trials) < STARTUP:
        return
    for dimension in study.spec.space.active(best.point):
        domain = dimension.domain
        if not domain.is_ordered or isinstance(domain, Switch) or (domain.size is not None and domain.size < 3):
            continue
        value = best.point[dimension.path]
        is_end = (
            domain.index(value) in (0, domain.size - 1)
            if domain.size is not None
            else not NEAR <= domain.position(value) <= 1 - NEAR
        )
        if is_end:
            side = "lower" if domain.position(value) < 0.5 else "upper"
            message = f"the best {dimension.path} ({value}) lies on the {side} bound of its range: better ones may lie beyond"
            yield Finding("boundary", message)


def _pruner(plan: Plan, study: Study) -> Iterator[Finding]:
    pruners = plan.nodes_of("pruner")
    ended = [trial for trial in study.visible if trial.has_ended]
    pruned = sum(trial.state == "pruned" for trial in ended)
    if pruners and len(ended) >= STARTUP and pruned < FEW_PRUNED * len(ended):
        yield Finding(
            "pruner_idle", f'the pruner "{pruners[0].type}" stopped {pruned} of {len(ended)} trials: it did next to nothing'
        )


def _budget(study: Study) -> Iterator[Finding]:
    """Rough, and said so: a handful of trials for each key is little."""
    dimensions = len(study.spec.space.dimensions)
    size = study.spec.space.size
    if len(study.trials) < 5 * dimensions and (size is None or size > len(study.trials)):
        yield Finding(
            "small_budget",
            f"{len(study.trials)} trials are few for a space of {dimensions} keys: ten for each key would be more telling",
        )


def _no_better(plan: Plan, study: Study) -> Iterator[Finding]:
    """Whether the searcher found anything that its random start had not."""
    tuner = plan.node("tuner")
    startup = tuner.params.get("startup")
    complete = [trial for trial in study.visible if trial.state == "complete" and trial.value is not None]
    if startup is None or study.best is None or len(complete) < 2 * startup:
        return
    first = [trial for trial in complete if trial.number < startup + len(study.spec.try_first)]
    if first and study.best in first:
        message = (
            f'the best trial is of the random start: {len(complete) - len(first)} trials that "{tuner.type}" chose were no better'
        )
        yield Finding("no_better", message)
