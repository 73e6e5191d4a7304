"""What a search does next: a function of the study's journal alone, but for its time limit."""

from __future__ import annotations

from dataclasses import dataclass

from ymltrain.kinds.contracts import Pruner
from ymltrain.search.asking import Candidates
from ymltrain.search.events import Asked, Closed, EndState, Promoted, Told
from ymltrain.search.messages import Verdict
from ymltrain.search.stopping import out_of_time, reason_to_stop
from ymltrain.search.study import Knowledge, Study, Trial


@dataclass(frozen=True)
class Wait:
    """Nothing can be decided before a running trial has ended."""


Next = Asked | Promoted | Told | Closed | Wait


class Decisions:
    """Decides for one study.

    With one worker, or when the recipe asks for `deterministic`, job j is decided when all jobs before it but the last
    `parallel` - 1 have ended, by what these told and nothing else: so timing has no say. Otherwise a decision goes by all
    that is known when it is taken.
    """

    def __init__(self, study: Study, candidates: Candidates, pruner: Pruner | None, max_epochs: int) -> None:
        self._study, self._candidates, self._pruner, self._max_epochs = study, candidates, pruner, max_epochs

    def next(self, seconds: float) -> Next:
        """What to do now that a worker is free, after so many seconds of search."""
        study = self._study
        jobs = self._known_jobs(study.jobs)
        if jobs is not None and any(job < jobs for job in study.open_jobs):
            return Wait()
        known = study.knowledge(jobs)
        over = out_of_time(study, seconds)
        reason = over or reason_to_stop(study, known)
        if reason is None:
            started = self._promoted(known) or self._asked(known)
            if started is not None:
                return started
            reason = self._used_up()
        if study.open_jobs:
            return Wait()
        return self._last_promotion(known) or self._left_behind() or Closed(reason=reason, is_over=over is None)

    def verdict(self, trial: Trial) -> Verdict:
        """What becomes of a running trial that has just reported an epoch and would go on."""
        if self._pruner is None or len(trial.values) <= trial.passed:
            return "continue"
        jobs = self._known_jobs(trial.segments[-1].job)
        curves = self._study.knowledge(jobs).curves
        curves[trial.number] = self._study.curve(trial)
        return self._pruner.decide(trial.number, curves, self._max_epochs)

    @property
    def can_prune(self) -> bool:
        """Whether running trials have to wait for a verdict."""
        return self._pruner is not None

    def _known_jobs(self, job: int) -> int | None:
        """By how many of the first jobs a job is decided; None: by all that is known."""
        budget = self._study.spec.budget
        if budget.parallel > 1 and not budget.deterministic:
            return None
        return max(0, job - budget.parallel + 1)

    def _promoted(self, known: Knowledge) -> Promoted | None:
        number = self._pruner.promote(known.curves, self._max_epochs) if self._pruner is not None else None
        return None if number is None else Promoted(trial=number, job=self._study.jobs)

    def _asked(self, known: Knowledge) -> Asked | None:
        study = self._study
        if len(study.trials) >= study.spec.budget.max_trials:
            return None
        found = self._candidates.next(known)
        if found is None:
            return None
        point, source = found
        return Asked(trial=len(study.trials), job=study.jobs, point=point, source=source)

    def _used_up(self) -> str:
        budget = self._study.spec.budget
        if len(self._study.trials) >= budget.max_trials:
            return f"all {budget.max_trials} trials are used up"
        return "every point of the space was tried"

    def _last_promotion(self, known: Knowledge) -> Promoted | None:
        """A search whose trials are all paused would have no result: the best of the highest rung goes on."""
        if self._study.best is not None:
            return None
        paused = [curve for curve in known.curves.values() if curve.state == "paused"]
        if not paused:
            return None
        chosen = min(paused, key=lambda curve: (-len(curve.losses), min(curve.losses), curve.number))
        return Promoted(trial=chosen.number, job=self._study.jobs)

    def _left_behind(self) -> Told | None:
        """The next paused trial that never went on, as a pruned one."""
        for trial in self._study.visible:
            if trial.state == "paused":
                state: EndState = "pruned"
                return Told(trial=trial.number, state=state, epochs=len(trial.values), reason="left behind on its rung")
        return None
