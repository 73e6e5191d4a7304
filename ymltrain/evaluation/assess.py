"""Predictions and truth of some rows to everything that an evaluation says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from ymltrain.evaluation.bootstrap import Draws, interval, measure
from ymltrain.evaluation.charts import calibration, confusion, residuals
from ymltrain.evaluation.slices import Slice
from ymltrain.kinds.contracts import Metric
from ymltrain.plan.shapes import OutputShape
from ymltrain.record.evaluation import Estimate, EvaluationRecord, Figures, SliceFigures

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """Predictions of the model and of each baseline, and the truth of the same rows, as metrics take them."""

    output: OutputShape
    labels: Sequence[str]
    predicted: Floats
    truth: npt.NDArray[Any]
    baselines: Mapping[str, Floats]


@dataclass(frozen=True)
class About:
    """What an evaluation says of itself: which model, which rows of which data."""

    model: str
    data: str
    part: Literal["test", "all"]
    target: str
    rows_without_target: int = 0


def assess(scored: Scored, metrics: Mapping[str, Metric], slices: Sequence[Slice], draws: Draws, about: About) -> EvaluationRecord:
    """The whole evaluation. Without resamples there are no intervals."""
    assessing = _Assessing(scored, metrics, draws)
    everything = np.arange(len(scored.truth))
    output, predicted, truth = scored.output, scored.predicted, scored.truth
    return EvaluationRecord(
        model=about.model,
        data=about.data,
        part=about.part,
        task=output.task,
        target=about.target,
        rows=len(truth),
        rows_without_target=about.rows_without_target,
        metrics=assessing.estimates(everything),
        goals={name: metric.goal for name, metric in metrics.items()},
        baselines=assessing.baselines(everything),
        slices=tuple(
            SliceFigures(
                column=one.column,
                name=one.name,
                kind=one.kind,
                rows=len(one.rows),
                metrics=assessing.estimates(one.rows),
                baselines=assessing.baselines(one.rows),
            )
            for one in slices
        ),
        confidence=draws.confidence,
        resamples=draws.resamples,
        seed=draws.seed,
        confusion=confusion(predicted, truth, output, scored.labels) if len(truth) else (),
        calibration=calibration(predicted, truth, output, scored.labels) if len(truth) else (),
        residuals=residuals(predicted, truth) if output.task == "regression" else None,
    )


class _Assessing:
    """Metrics built once, put to any rows."""

    def __init__(self, scored: Scored, metrics: Mapping[str, Metric], draws: Draws) -> None:
        self._metrics = {name: metric.build(scored.output).set_dtype(torch.float64) for name, metric in metrics.items()}
        for metric in self._metrics.values():
            metric.sync_on_compute = False
        self._draws = draws
        self._truth = torch.from_numpy(scored.truth)
        self._predicted = torch.from_numpy(scored.predicted)
        self._baselines = {name: torch.from_numpy(predicted) for name, predicted in scored.baselines.items()}

    def estimates(self, rows: npt.NDArray[np.int64]) -> dict[str, Estimate]:
        members = torch.from_numpy(rows)
        predicted, truth = self._predicted[members], self._truth[members]
        found = {}
        for name, metric in self._metrics.items():
            value = measure(metric, predicted, truth)
            bounds = interval(metric, predicted, truth, self._draws) if value is not None else None
            low, high = bounds or (None, None)
            found[name] = Estimate(value=value, low=low, high=high)
        return found

    def baselines(self, rows: npt.NDArray[np.int64]) -> dict[str, Figures]:
        members = torch.from_numpy(rows)
        truth = self._truth[members]
        return {
            name: {metric: measure(built, predicted[members], truth) for metric, built in self._metrics.items()}
            for name, predicted in self._baselines.items()
        }
