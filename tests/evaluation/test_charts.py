"""The counts and means behind the charts of an evaluation."""

from __future__ import annotations

import numpy as np
import pytest

from ymltrain.evaluation.charts import calibration, confusion, residuals
from ymltrain.plan.shapes import OutputShape


def test_confusion_goes_by_the_rule_of_predictions():
    """The threshold of a binary target, the most probable class, the median of an order, each label for itself."""
    binary = OutputShape(task="binary", width=1, threshold=0.7)
    (table,) = confusion(np.array([0.6, 0.7, 0.9, 0.1]), np.array([1, 1, 0, 0]), binary, ("no", "yes"))
    assert table.counts == ((1, 1), (1, 1))
    classes = OutputShape(task="classification", width=3)
    ordinal = OutputShape(task="ordinal", width=2)
    probabilities = np.array([[0.4, 0.3, 0.3]])
    assert confusion(probabilities, np.array([2]), classes, "abc")[0].counts[2] == (1, 0, 0)
    assert confusion(probabilities, np.array([2]), ordinal, "abc")[0].counts[2] == (0, 1, 0)
    both = confusion(np.array([[0.9, 0.1]]), np.array([[1, 1]]), OutputShape(task="multilabel", width=2), ("x", "y"))
    assert [(table.label, table.counts) for table in both] == [("x", ((0, 0), (0, 1))), ("y", ((0, 0), (1, 0)))]


def test_calibration_has_ten_bins_that_hold_every_row_once():
    """Means of what was predicted and what came true, by rising prediction; equal predictions stay together."""
    predicted = np.linspace(0, 1, 1000)
    truth = (np.arange(1000) % 10 < predicted * 10).astype(np.int64)
    (curve,) = calibration(predicted, truth, OutputShape(task="binary", width=1), ("no", "yes"))
    assert curve.label == "yes"
    assert [one.rows for one in curve.bins] == [100] * 10
    assert all(one.observed == pytest.approx(one.predicted, abs=0.06) for one in curve.bins)
    (flat,) = calibration(np.full(1000, 0.3), truth, OutputShape(task="binary", width=1), ("no", "yes"))
    assert [(one.rows, one.predicted) for one in flat.bins] == [(1000, pytest.approx(0.3))]


def test_residuals_hold_every_row_and_their_quantiles():
    """The ends take in what lies beyond; a prediction that is not finite is left out."""
    random = np.random.default_rng(1)
    predicted = random.normal(size=5000)
    found = residuals(np.append(predicted, np.inf), np.append(predicted + random.normal(size=5000), 0.0))
    assert sum(found.counts) == 5000
    assert [one.rows for one in found.bins] == [500] * 10
    assert found.bins[5].quantiles == pytest.approx((-1.645, -0.674, 0, 0.674, 1.645), abs=0.2)
    assert residuals(np.array([np.nan]), np.array([1.0])) is None
    assert sum(residuals(np.ones(3), np.ones(3)).counts) == 3
