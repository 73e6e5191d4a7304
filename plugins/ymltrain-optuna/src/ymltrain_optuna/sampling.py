"""A study of Optuna's made of a history, and asked for one trial.

Ordered keys are real numbers on the unit scale of their domain, or numbers of their values; unordered ones are categories.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial
from ymltrain.api import Dimension, PastTrial, Point, Space, comparable_losses

LARGEST_COUNT = 1_000
"""Ordered domains of more values than this are searched as if they were continuous."""


def ask(sampler: str, space: Space, history: Sequence[PastTrial], pending: Sequence[Mapping[str, Any]], seed: int) -> Point:
    """The point that a sampler suggests next; what is pending counts as bad, or it would be suggested again."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    losses = comparable_losses(history)
    worst = max(losses, default=0.0)
    known = [*zip((trial.point for trial in history), losses, strict=True), *((point, worst) for point in pending)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is experimental in Optuna
        study = optuna.create_study(sampler=_sampler(sampler, seed))
        study.add_trials([_past(space, point, loss) for point, loss in known])
        trial = study.ask()
        point: Point = {}
        for dimension in space.dimensions:
            if dimension.is_active(point):
                point[dimension.path] = _suggested(trial, dimension)
    return point


def _sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    if name == "gp":
        return optuna.samplers.GPSampler(seed=seed, n_startup_trials=0, deterministic_objective=True)
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=0, multivariate=True, group=True)


def _past(space: Space, point: Mapping[str, Any], loss: float) -> optuna.trial.FrozenTrial:
    active = list(space.active(point))
    return create_trial(
        state=TrialState.COMPLETE,
        value=loss,
        params={dimension.label: _encoded(dimension, point[dimension.path]) for dimension in active},
        distributions={dimension.label: _distribution(dimension) for dimension in active},
    )


def _count(dimension: Dimension) -> int | None:
    size = dimension.domain.size
    return size if size is not None and size <= LARGEST_COUNT and not getattr(dimension.domain, "log", False) else None


def _distribution(dimension: Dimension) -> BaseDistribution:
    count = _count(dimension)
    if not dimension.domain.is_ordered:
        return CategoricalDistribution(list(range(dimension.domain.size or 0)))
    return FloatDistribution(0.0, 1.0) if count is None else IntDistribution(0, count - 1)


def _encoded(dimension: Dimension, value: Any) -> float | int:
    if not dimension.domain.is_ordered or _count(dimension) is not None:
        return dimension.domain.index(value)
    return min(max(dimension.domain.position(value), 0.0), 1.0)


def _suggested(trial: optuna.Trial, dimension: Dimension) -> Any:
    count = _count(dimension)
    if not dimension.domain.is_ordered:
        return dimension.domain.at(int(trial.suggest_categorical(dimension.label, list(range(dimension.domain.size or 0)))))
    if count is not None:
        return dimension.domain.at(trial.suggest_int(dimension.label, 0, count - 1))
    return dimension.domain.value(trial.suggest_float(dimension.label, 0.0, 1.0))
