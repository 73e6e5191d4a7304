"""The events of a study's journal."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

FailureClass = Literal["infrastructure", "out_of_memory", "not_finite", "user_error"]
EndState = Literal["complete", "pruned", "failed"]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event"):
    """Anything that happened to a study; `time` is in seconds since 1970."""

    time: float = 0.0


class Opened(Event, frozen=True, kw_only=True, tag="opened"):
    """A process began to search, or to search on."""

    ymltrain: str
    host: str
    pid: int
    plan: str


class Changed(Event, frozen=True, kw_only=True, tag="changed"):
    """The recipe was edited before the study was resumed: the plan from here on, what differs, which trials no longer count."""

    plan_file: str
    plan: str
    changes: tuple[str, ...]
    hidden: tuple[int, ...] = ()
    points: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    """The points, by trial number, that read otherwise in the new space: a key more, or one less."""


class Asked(Event, frozen=True, kw_only=True, tag="asked"):
    """A new trial: its point, and who suggested it. `job` counts trials and continued trials alike."""

    trial: int
    job: int
    point: dict[str, Any]
    source: str


class Promoted(Event, frozen=True, kw_only=True, tag="promoted"):
    """A paused trial goes on."""

    trial: int
    job: int


class Placed(Event, frozen=True, kw_only=True, tag="placed"):
    """A worker has begun with a trial."""

    trial: int
    attempt: int
    worker: int


class Reported(Event, frozen=True, kw_only=True, tag="reported"):
    """The metric after an epoch."""

    trial: int
    epoch: int
    value: float


class Paused(Event, frozen=True, kw_only=True, tag="paused"):
    """A trial waits on a rung, its state saved."""

    trial: int
    seconds: float


class Faulted(Event, frozen=True, kw_only=True, tag="faulted"):
    """An attempt at a trial failed, and the trial is tried again."""

    trial: int
    failure: FailureClass
    reason: str


class Told(Event, frozen=True, kw_only=True, tag="told"):
    """A trial has ended. `value` and `metrics` are those of the weights that a fit would keep."""

    trial: int
    state: EndState
    epochs: int
    seconds: float = 0.0
    value: float | None = None
    metrics: dict[str, float] = msgspec.field(default_factory=dict)
    failure: FailureClass | None = None
    reason: str = ""


class Closed(Event, frozen=True, kw_only=True, tag="closed"):
    """The search ended. `is_over` says whether a resume has nothing left to do, its budget unchanged."""

    reason: str
    is_over: bool


StudyEvent: TypeAlias = Opened | Changed | Asked | Promoted | Placed | Reported | Paused | Faulted | Told | Closed
