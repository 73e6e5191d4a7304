"""The search that a Plan asks for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ymltrain.plan.search.space import Space
from ymltrain.plan.sections import Section

DURATION = r"^[0-9]+(\.[0-9]+)?(s|m|h|d)$"
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class Stop(Section, frozen=True, kw_only=True):
    """When a search ends before its trials are used up."""

    value: Annotated[float, Meta(description="A complete trial whose metric is at least this good.")] | None = None
    no_improvement: (
        Annotated[int, Meta(ge=1, description="So many complete trials in a row that are no better than the best before.")] | None
    ) = None


class Budget(Section, frozen=True, kw_only=True):
    """How long a search goes on, and how."""

    max_trials: Annotated[int, Meta(ge=1, description="How many candidates are tried.")] = 50
    max_time: (
        Annotated[str, Meta(pattern=DURATION, description="No trial starts after this time, and those that run are left: 30m, 8h.")]
        | None
    ) = None
    max_failures: (
        Annotated[int, Meta(ge=0, description="The search ends when more trials than this have failed, diverged ones not counted.")]
        | None
    ) = None
    parallel: Annotated[int, Meta(ge=1, description="Worker processes; each takes its share of the cores.")] = 1
    deterministic: Annotated[
        bool,
        Meta(description="The same trials whatever the timing, at the cost of workers that wait; one worker always is."),
    ] = False
    stop: Stop = Stop()

    @property
    def seconds(self) -> float | None:
        """`max_time` in seconds."""
        return None if self.max_time is None else float(self.max_time[:-1]) * SECONDS[self.max_time[-1]]

    @property
    def allowed_failures(self) -> int:
        """`max_failures`, by default a third of the trials and three at least."""
        return max(3, self.max_trials // 3) if self.max_failures is None else self.max_failures


class SearchSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for, where, and for how long; tuner and pruner are nodes of the plan."""

    metric: str
    goal: Literal["minimize", "maximize"]
    budget: Budget
    space: Space
    try_first: tuple[dict[str, Any], ...] = ()
    base: dict[str, Any] = msgspec.field(default_factory=dict)
    """The recipe's own values of the tuned keys, by path, where it has them."""
