"""What a search will look through, and what it will cost: without training anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ymltrain.catalog.catalog import Catalog
from ymltrain.plan.plan import Plan
from ymltrain.plan.search.space import Point
from ymltrain.search.asking import Candidates
from ymltrain.search.study import Knowledge

FIRST = 3


class RungPreview(msgspec.Struct, frozen=True, kw_only=True):
    """A rung: how many trials are expected to reach its epoch, and the epochs that all take from the rung before to it."""

    epoch: int
    trials: int
    epochs: int


class SearchPreview(msgspec.Struct, frozen=True, kw_only=True):
    """Estimates. `expected_epochs` is None when what the pruner spares cannot be said before."""

    points: int | None
    trials: int
    most_epochs: int
    expected_epochs: int | None
    rungs: tuple[RungPreview, ...]
    first: tuple[Point, ...]


def preview_search(plan: Plan, catalog: Catalog, environment: Mapping[str, str]) -> SearchPreview | None:
    """Estimate what the search of a plan will come to; None when it has none."""
    spec = plan.search
    if spec is None:
        return None
    size = spec.space.size
    trials = spec.budget.max_trials if size is None else min(spec.budget.max_trials, size)
    rungs = _rungs(plan, trials, catalog, environment)
    most = trials * plan.trainer.max_epochs
    pruners = plan.nodes_of("pruner")
    expected = sum(rung.epochs for rung in rungs) if rungs else None if pruners else most
    return SearchPreview(
        points=size,
        trials=trials,
        most_epochs=most,
        expected_epochs=expected,
        rungs=rungs,
        first=_first(plan, catalog, environment),
    )


def _rungs(plan: Plan, trials: int, catalog: Catalog, environment: Mapping[str, str]) -> tuple[RungPreview, ...]:
    rungs = []
    before = 0
    for node in plan.nodes_of("pruner"):
        for rung in catalog.build(node, environment).rungs(trials, plan.trainer.max_epochs):
            rungs.append(RungPreview(epoch=rung.epoch, trials=rung.trials, epochs=rung.trials * (rung.epoch - before)))
            before = rung.epoch
    return tuple(rungs)


def _first(plan: Plan, catalog: Catalog, environment: Mapping[str, str]) -> tuple[Point, ...]:
    """The first points, as long as they do not hang on results."""
    from ymltrain.plan.seeds import derive_seed

    assert plan.search is not None
    tuner = plan.node("tuner")
    candidates = Candidates(plan.search, catalog.build(tuner, environment), tuner.type, derive_seed(plan.seed, "search"))
    points: list[dict[str, Any]] = []
    while len(points) < FIRST:
        found = candidates.next(Knowledge([], list(points), {}))
        if found is None:
            break
        points.append(found[0])
    return tuple(points)
