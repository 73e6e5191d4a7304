"""Metrics against numpy, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ymltrain.api import NoParams, OutputShape
from ymltrain.builtin.metric.accuracy import AccuracyMetric, AccuracyParams
from ymltrain.builtin.metric.f1 import F1Metric, F1Params
from ymltrain.builtin.metric.mae import MaeMetric
from ymltrain.builtin.metric.mape import MapeMetric
from ymltrain.builtin.metric.mse import MseMetric
from ymltrain.builtin.metric.precision import PrecisionMetric, PrecisionParams
from ymltrain.builtin.metric.r2 import R2Metric
from ymltrain.builtin.metric.recall import RecallMetric, RecallParams
from ymltrain.builtin.metric.rmse import RmseMetric

RANDOM = np.random.default_rng(11)
TRUE = 1e6 + RANDOM.normal(size=500)  # so far from 0 that float32 would lose the errors
PREDICTED = TRUE + 0.01 * RANDOM.normal(size=500)
ERRORS = PREDICTED - TRUE

CLASSES = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
GIVEN = np.array([0, 0, 0, 0, 1, 1, 1, 0, 2, 1])


def value(metric, predicted, true, classes=1):
    """What the metric gives, updated with both arrays."""
    built = metric.build(OutputShape(task="regression" if classes == 1 else "classification", width=classes)).set_dtype(
        torch.float64
    )
    built.update(torch.from_numpy(predicted), torch.from_numpy(true))
    return float(built.compute())


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (RmseMetric, np.sqrt(np.mean(ERRORS**2))),
        (MseMetric, np.mean(ERRORS**2)),
        (MaeMetric, np.mean(abs(ERRORS))),
        (MapeMetric, np.mean(abs(ERRORS / TRUE))),
        (R2Metric, 1 - np.sum(ERRORS**2) / np.sum((TRUE - TRUE.mean()) ** 2)),
    ],
)
def test_regression_metrics_are_exact(metric, expected):
    """Errors of a hundredth around a million survive: sums are float64."""
    assert value(metric(NoParams()), PREDICTED, TRUE) == pytest.approx(expected, rel=1e-4 if metric is R2Metric else 1e-9)


def by_class():
    """Precision, recall and f1 of each class, and the classes' sizes, counted by hand."""
    precisions, recalls, scores, sizes = [], [], [], []
    for one in range(3):
        hits = np.sum((one == GIVEN) & (one == CLASSES))
        precisions.append(hits / np.sum(one == GIVEN))
        recalls.append(hits / np.sum(one == CLASSES))
        scores.append(2 * precisions[-1] * recalls[-1] / (precisions[-1] + recalls[-1]))
        sizes.append(np.sum(one == CLASSES))
    return {"precision": precisions, "recall": recalls, "f1": scores}, sizes


@pytest.mark.parametrize("average", ["micro", "macro", "weighted"])
@pytest.mark.parametrize(
    ("name", "metric", "params"),
    [("precision", PrecisionMetric, PrecisionParams), ("recall", RecallMetric, RecallParams), ("f1", F1Metric, F1Params)],
)
def test_class_metrics_are_averaged_as_asked(name, metric, params, average):
    """Over classes plainly or by size, or over rows."""
    values, sizes = by_class()
    hits = np.mean(GIVEN == CLASSES)
    expected = {"micro": hits, "macro": np.mean(values[name]), "weighted": np.average(values[name], weights=sizes)}[average]
    probabilities = np.eye(3)[GIVEN] * 0.5 + 0.1
    assert value(metric(params(average=average)), probabilities, CLASSES, 3) == pytest.approx(expected, rel=1e-6)


def test_averages_by_default():
    """Accuracy counts rows; precision, recall and f1 count classes alike."""
    values, _ = by_class()
    probabilities = np.eye(3)[GIVEN]
    assert value(AccuracyMetric(AccuracyParams()), probabilities, CLASSES, 3) == pytest.approx(0.7)
    assert value(AccuracyMetric(AccuracyParams(average="macro")), probabilities, CLASSES, 3) == pytest.approx(
        np.mean(values["recall"])
    )
    assert value(F1Metric(F1Params()), probabilities, CLASSES, 3) == pytest.approx(np.mean(values["f1"]), rel=1e-6)


def test_two_classes_are_two_classes():
    """A binary target is measured over both its classes, not over a positive one."""
    classes, given = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    assert value(F1Metric(F1Params()), np.eye(2)[given], classes, 2) == pytest.approx((0.8 + 2 / 3) / 2, rel=1e-6)
