"""What the charts of an evaluation show, as counts and means: who is taken for whom, what was predicted against what came true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ymltrain.plan.shapes import OutputShape
from ymltrain.record.evaluation import Calibration, CalibrationBin, Confusion, ResidualBin, Residuals

Floats: TypeAlias = npt.NDArray[np.float64]

BINS = 10
RESIDUAL_BINS = 41
MOST_CLASSES = 30
"""Of more classes there is no table of confusion, and calibration is of the most frequent ones."""
MOST_CURVES = 8
PERCENTILES = (5, 25, 50, 75, 95)


def confusion(predicted: Floats, truth: npt.NDArray[Any], output: OutputShape, labels: Sequence[str]) -> tuple[Confusion, ...]:
    """Counts by true and predicted class, by the same rule as predictions; none of a number or of many classes."""
    match output.task:
        case "binary":
            return (_counts(None, labels, truth, (predicted >= output.threshold).astype(np.int64)),)
        case "classification" | "ordinal" if len(labels) <= MOST_CLASSES:
            return (_counts(None, labels, truth, _chosen(predicted, output)),)
        case "multilabel" if len(labels) <= MOST_CLASSES:
            applies = (predicted >= output.threshold).astype(np.int64)
            return tuple(_counts(label, ("no", "yes"), truth[:, place], applies[:, place]) for place, label in enumerate(labels))
    return ()


def calibration(predicted: Floats, truth: npt.NDArray[Any], output: OutputShape, labels: Sequence[str]) -> tuple[Calibration, ...]:
    """Mean prediction and mean outcome in ten bins of equally many rows; a bin never parts equal predictions."""
    if output.task == "regression":
        return (Calibration(label=None, bins=tuple(_bins(predicted, truth))),)
    if output.task == "binary":
        return (Calibration(label=labels[-1], bins=tuple(_bins(predicted, truth))),)
    happened = truth if output.task == "multilabel" else truth[:, None] == np.arange(len(labels))
    frequent = np.argsort(-happened.sum(axis=0), kind="stable")[:MOST_CURVES]
    return tuple(
        Calibration(label=labels[place], bins=tuple(_bins(predicted[:, place], happened[:, place]))) for place in sorted(frequent)
    )


def residuals(predicted: Floats, truth: Floats) -> Residuals | None:
    """How far off predictions of a number are, in all and by what was predicted; None without finite ones."""
    finite = np.isfinite(predicted) & np.isfinite(truth)
    off, of = (truth - predicted)[finite], predicted[finite]
    if not len(off):
        return None
    low, high = np.quantile(off, [0.005, 0.995])
    edges = np.linspace(low, high, RESIDUAL_BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    counts, _ = np.histogram(off.clip(edges[0], edges[-1]), edges)
    bins = [
        ResidualBin(
            rows=len(rows), predicted=float(of[rows].mean()), quantiles=tuple(np.percentile(off[rows], PERCENTILES).tolist())
        )
        for rows in _equal_parts(of)
    ]
    return Residuals(edges=tuple(edges.tolist()), counts=tuple(counts.tolist()), bins=tuple(bins))


def _chosen(predicted: Floats, output: OutputShape) -> npt.NDArray[np.int64]:
    """The class that a prediction names: the most probable, or of an order the median."""
    if output.task == "ordinal":
        return np.asarray((predicted.cumsum(axis=1) < 0.5).sum(axis=1).clip(max=predicted.shape[1] - 1), np.int64)
    return np.asarray(predicted.argmax(axis=1), np.int64)


def _counts(label: str | None, classes: Sequence[str], truth: npt.NDArray[Any], chosen: npt.NDArray[np.int64]) -> Confusion:
    size = len(classes)
    counts = np.bincount(truth.astype(np.int64) * size + chosen, minlength=size * size).reshape(size, size)
    return Confusion(label=label, classes=tuple(classes), counts=tuple(map(tuple, counts.tolist())))


def _bins(predicted: Floats, outcome: npt.NDArray[Any]) -> Iterator[CalibrationBin]:
    finite = np.isfinite(predicted) & np.isfinite(outcome)
    predicted, outcome = predicted[finite], outcome[finite]
    for rows in _equal_parts(predicted):
        yield CalibrationBin(rows=len(rows), predicted=float(predicted[rows].mean()), observed=float(outcome[rows].mean()))


def _equal_parts(values: Floats) -> Iterator[npt.NDArray[np.int64]]:
    """Row numbers in ten parts by rising value, as equal in size as equal values allow."""
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    ends = [int(np.searchsorted(ranked, ranked[len(ranked) * part // BINS - 1], side="right")) for part in range(1, BINS + 1)]
    start = 0
    for end in ends if len(ranked) >= BINS else [len(ranked)]:
        if end > start:
            yield order[start:end]
            start = end
