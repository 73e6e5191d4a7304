"""Intervals of metrics by the bootstrap (Efron & Tibshirani 1993, percentiles), for any metric, without a loop over rows.

Written rules. Most metrics add up: what they remember of two sets of rows is the sum of what they remember of each. Their
rows are dealt at random into at most 256 groups, each group is gone through once, and a resample is a weighted sum of the
groups: 256 groups know a standard error to about 4 %, fewer rows than that are groups of their own. A metric that does not
add up (the area under a curve) is computed anew for each resample: 300 times at most, and over 10,000 rows drawn out of
more, whose spread is scaled by the root of the share (m out of n). Resamples for which a metric cannot be told are left
out; when they are more than half, there is no interval.

The same rows, seed and numpy give the same interval.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

if TYPE_CHECKING:
    import torchmetrics

GROUPS = 256
RESAMPLES_ANEW = 300
ROWS_ANEW = 10_000
LEAST_SHARE_TOLD = 0.5

States: TypeAlias = Mapping[str, Tensor]


@dataclass(frozen=True)
class Draws:
    """How an interval is drawn: its level, how many resamples, and from which seed."""

    confidence: float
    resamples: int
    seed: int


def measure(metric: torchmetrics.Metric, predicted: Tensor, truth: Tensor) -> float | None:
    """A metric's value; None where it cannot be told (no rows, one class only) or is not finite."""
    if not len(truth):
        return None
    with _strict():
        try:
            metric.reset()
            metric.update(predicted, truth)
            value = float(metric.compute())
        except (ValueError, RuntimeError, UserWarning):
            return None
    return value if math.isfinite(value) else None


def interval(metric: torchmetrics.Metric, predicted: Tensor, truth: Tensor, draws: Draws) -> tuple[float, float] | None:
    """The bounds of a metric's value, None where they cannot be told."""
    if len(truth) < 2 or not draws.resamples:
        return None
    with _strict(), torch.no_grad():
        groups = _group_states(metric, predicted, truth, draws.seed)
        values = _anew(metric, predicted, truth, draws) if groups is None else _weighted(metric, groups, draws)
    told = values[np.isfinite(values)]
    if len(told) < LEAST_SHARE_TOLD * len(values):
        return None
    tail = (1 - draws.confidence) / 2
    low, high = np.quantile(told, [tail, 1 - tail])
    return float(low), float(high)


def _group_states(metric: torchmetrics.Metric, predicted: Tensor, truth: Tensor, seed: int) -> States | None:
    """What the metric remembers of each group of rows, `[groups, …]` by state; None when that does not add up."""
    rows = len(truth)
    dealt = torch.from_numpy(_random(seed).permutation(rows))
    metric.reset()
    nothing = _tensors(metric)
    if not nothing:
        return None

    def remember(members: Tensor | slice) -> dict[str, Tensor]:
        vars(metric).update({name: state.clone() for name, state in nothing.items()})
        type(metric).update(metric, predicted[members], truth[members])  # without what torchmetrics wraps around it
        return _tensors(metric)

    try:
        remembered = [remember(members) for members in torch.tensor_split(dealt, min(rows, GROUPS))]
        groups = {name: torch.stack([states[name] for states in remembered]) for name in nothing}
        whole = remember(slice(None))
    except (ValueError, RuntimeError, UserWarning):
        return None
    adds_up = all(
        torch.allclose(states.double().sum(dim=0), whole[name].double(), rtol=1e-6, atol=1e-9) for name, states in groups.items()
    )
    return groups if adds_up else None


def _tensors(metric: torchmetrics.Metric) -> dict[str, Tensor]:
    """What a metric remembers; nothing where it keeps rows in lists."""
    states = {name: state for name, state in metric.metric_state.items() if isinstance(state, Tensor)}
    return states if len(states) == len(metric.metric_state) else {}


def _weighted(metric: torchmetrics.Metric, groups: States, draws: Draws) -> npt.NDArray[np.float64]:
    """The metric's value for each resample, from weighted sums of its states; leaves the metric changed."""
    counts = torch.from_numpy(_multinomial(len(next(iter(groups.values()))), draws.resamples, draws.seed))
    drawn = {}
    for name, states in groups.items():
        flat = counts @ states.double().reshape(len(states), -1)
        drawn[name] = flat.reshape(draws.resamples, *states.shape[1:]).to(states.dtype)
    values = np.full(draws.resamples, np.nan)
    for number in range(draws.resamples):
        vars(metric).update({name: states[number] for name, states in drawn.items()})
        values[number] = _compute(metric)
    return values


def _anew(metric: torchmetrics.Metric, predicted: Tensor, truth: Tensor, draws: Draws) -> npt.NDArray[np.float64]:
    """The metric's value for each of a few resamples of rows."""
    rows = len(truth)
    taken = min(rows, ROWS_ANEW)
    random = _random(draws.seed)
    values = np.full(min(draws.resamples, RESAMPLES_ANEW), np.nan)
    for number in range(len(values)):
        members = torch.from_numpy(random.integers(0, rows, taken))
        try:
            metric.reset()
            metric.update(predicted[members], truth[members])
        except (ValueError, RuntimeError, UserWarning):
            continue
        values[number] = _compute(metric)
    if taken < rows and (whole := measure(metric, predicted, truth)) is not None:
        return whole + (values - whole) * math.sqrt(taken / rows)
    return values


def _compute(metric: torchmetrics.Metric) -> float:
    try:
        return float(type(metric).compute(metric))
    except (ValueError, RuntimeError, UserWarning):
        return math.nan


@lru_cache(maxsize=8)
def _multinomial(groups: int, resamples: int, seed: int) -> npt.NDArray[np.float64]:
    """How often each group is in each resample: `[resamples, groups]`."""
    return _random(seed).multinomial(groups, np.full(groups, 1 / groups), size=resamples).astype(np.float64)


def _random(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


@contextmanager
def _strict() -> Iterator[None]:
    """Torchmetrics warns where a metric means nothing (one class only), and returns a number all the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield
