"""A study as its journal tells it: the fold of its events, and what is known of it at any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ymltrain.plan.search.history import Curve, PastTrial
from ymltrain.plan.search.spec import SearchSpec
from ymltrain.search.events import (
    Asked,
    Changed,
    Closed,
    Faulted,
    Opened,
    Paused,
    Placed,
    Promoted,
    Reported,
    StudyEvent,
    Told,
)

State = Literal["running", "paused", "complete", "pruned", "failed"]


@dataclass
class Segment:
    """A stretch of a trial without a pause: a job. `epochs` is where it ended, None while it goes on."""

    job: int
    epochs: int | None = None


@dataclass
class Trial:
    """One candidate. `values` are the metric after each epoch."""

    number: int
    point: dict[str, Any]
    source: str
    state: State = "running"
    values: list[float] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    attempts: int = 0
    faults: int = 0
    value: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    failure: str | None = None
    reason: str = ""
    seconds: float = 0.0

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in ("complete", "pruned", "failed")

    @property
    def passed(self) -> int:
        """Up to which epoch everything has been decided."""
        return max((segment.epochs or 0 for segment in self.segments), default=0)


@dataclass(frozen=True)
class Knowledge:
    """What a decision may go by: all of a study, or its first so many jobs."""

    history: list[PastTrial]
    pending: list[dict[str, Any]]
    curves: dict[int, Curve]


class Study:
    """The state that a journal leads to."""

    def __init__(self, spec: SearchSpec, events: Iterable[StudyEvent] = ()) -> None:
        self.spec = spec
        self.trials: list[Trial] = []
        self.hidden: set[int] = set()
        self.jobs = 0
        self.open_jobs: set[int] = set()
        self.closed: Closed | None = None
        self.searched_seconds = 0.0
        self._session: tuple[float, float] | None = None
        for event in events:
            self.apply(event)

    def loss(self, value: float) -> float:
        """A metric's value, less being better."""
        return value if self.spec.goal == "minimize" else -value

    def apply(self, event: StudyEvent) -> None:
        """Take in the next event of the journal."""
        if self._session is not None and event.time:
            self._session = (self._session[0], event.time)
        self._takes[type(event)](self, event)

    @property
    def seconds(self) -> float:
        """How long has been searched, over all sessions."""
        return self.searched_seconds + (self._session[1] - self._session[0] if self._session else 0.0)

    @property
    def visible(self) -> list[Trial]:
        """The trials that lie in the space as it is now."""
        return [trial for trial in self.trials if trial.number not in self.hidden]

    @property
    def best(self) -> Trial | None:
        """The best complete trial; the first of equals. A pruned one does not compete: its value is of less training."""
        complete = [trial for trial in self.visible if trial.state == "complete" and trial.value is not None]
        return min(complete, key=lambda trial: (self.loss(trial.value or 0.0), trial.number), default=None)

    def knowledge(self, jobs: int | None = None) -> Knowledge:
        """What is known after the first so many jobs, or now."""
        history: list[PastTrial] = []
        pending: list[dict[str, Any]] = []
        curves: dict[int, Curve] = {}
        for trial in self.visible:
            curve = self.curve(trial, jobs)
            curves[trial.number] = curve
            if curve.state == "running":
                pending.append(trial.point)
            else:
                history.append(self._past(trial, curve))
        return Knowledge(history, pending, curves)

    def curve(self, trial: Trial, jobs: int | None = None) -> Curve:
        """A trial's losses as far as they are known after the first so many jobs."""
        state: State = trial.state
        values = trial.values
        if jobs is not None and any(segment.job >= jobs for segment in trial.segments):
            state = "running"
            values = values[: max((segment.epochs or 0 for segment in trial.segments if segment.job < jobs), default=0)]
        return Curve(number=trial.number, losses=tuple(self.loss(value) for value in values), state=state)

    def _past(self, trial: Trial, curve: Curve) -> PastTrial:
        """A paused trial has told something and may never go on: to a searcher it is as a pruned one."""
        state = "pruned" if curve.state == "paused" else curve.state
        loss = self.loss(trial.value) if state == "complete" and trial.value is not None else None
        if state == "pruned":
            loss = min(curve.losses, default=None)
        return PastTrial(number=trial.number, point=trial.point, state=state, loss=loss, epochs=len(curve.losses))  # type: ignore[arg-type]  # not running

    def _opened(self, event: Opened) -> None:
        self.searched_seconds = self.seconds
        self._session = (event.time, event.time)
        self.closed = None

    def _changed(self, event: Changed) -> None:
        self.hidden = set(event.hidden)
        for number, point in event.points.items():
            self.trials[int(number)].point = point

    def _asked(self, event: Asked) -> None:
        self.trials.append(Trial(event.trial, event.point, event.source))
        self._begin(event.trial, event.job)

    def _promoted(self, event: Promoted) -> None:
        self.trials[event.trial].state = "running"
        self._begin(event.trial, event.job)

    def _placed(self, event: Placed) -> None:
        trial = self.trials[event.trial]
        trial.attempts = event.attempt
        trial.values = trial.values[: trial.passed]

    def _reported(self, event: Reported) -> None:
        trial = self.trials[event.trial]
        trial.values[event.epoch - 1 :] = [event.value]

    def _paused(self, event: Paused) -> None:
        trial = self.trials[event.trial]
        trial.state = "paused"
        trial.seconds += event.seconds
        self._end(trial)

    def _faulted(self, event: Faulted) -> None:
        self.trials[event.trial].faults += 1

    def _told(self, event: Told) -> None:
        trial = self.trials[event.trial]
        trial.state = event.state
        trial.value = event.value
        trial.metrics = event.metrics
        trial.failure, trial.reason = event.failure, event.reason
        trial.seconds += event.seconds
        self._end(trial)

    def _closed(self, event: Closed) -> None:
        self.closed = event

    def _begin(self, number: int, job: int) -> None:
        self.trials[number].segments.append(Segment(job))
        self.jobs = job + 1
        self.open_jobs.add(job)

    def _end(self, trial: Trial) -> None:
        segment = trial.segments[-1]
        segment.epochs = len(trial.values)
        self.open_jobs.discard(segment.job)

    _takes: ClassVar[dict[type[StudyEvent], Callable[[Study, Any], None]]] = {
        Opened: _opened,
        Changed: _changed,
        Asked: _asked,
        Promoted: _promoted,
        Placed: _placed,
        Reported: _reported,
        Paused: _paused,
        Faulted: _faulted,
        Told: _told,
        Closed: _closed,
    }
    """What is made of each kind of event: a table, for the journal of a long search has a hundred thousand."""
