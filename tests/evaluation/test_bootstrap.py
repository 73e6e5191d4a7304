"""Intervals by the bootstrap, for metrics that add up over rows and for those that do not."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ymltrain.builtin.metric.accuracy import AccuracyMetric, AccuracyParams
from ymltrain.builtin.metric.auc import AucMetric, AucParams
from ymltrain.builtin.metric.mae import MaeMetric
from ymltrain.builtin.metric.r2 import R2Metric
from ymltrain.builtin.metric.rmse import RmseMetric
from ymltrain.evaluation.bootstrap import Draws, interval, measure
from ymltrain.kinds import NoParams
from ymltrain.plan.shapes import OutputShape

NUMBER = OutputShape(task="regression", width=1)
YES_OR_NO = OutputShape(task="binary", width=1)
DRAWS = Draws(confidence=0.95, resamples=1000, seed=7)


def rows(count=2000, seed=1):
    """Predictions of a number and the truth, a standard normal apart and far from zero."""
    random = np.random.default_rng(seed)
    truth = 1e6 + 10 * random.normal(size=count)
    return torch.from_numpy(truth + random.normal(size=count)), torch.from_numpy(truth)


def built(metric, output=NUMBER):
    """A metric as an evaluation builds it."""
    return metric.build(output).set_dtype(torch.float64)


def test_the_interval_of_a_mean_is_as_wide_as_theory_has_it():
    """Of a mean over rows: 1.96 standard errors to either side, as far as 256 groups and 1,000 draws know it."""
    predicted, truth = rows()
    errors = (predicted - truth).abs()
    low, high = interval(built(MaeMetric(NoParams())), predicted, truth, DRAWS)
    half = 1.96 * float(errors.std()) / math.sqrt(len(errors))
    assert (high - low) / 2 == pytest.approx(half, rel=0.15)
    assert low < float(errors.mean()) < high


@pytest.mark.parametrize("metric", [RmseMetric(NoParams()), R2Metric(NoParams())])
def test_few_rows_are_resampled_one_by_one(metric):
    """With no more rows than groups, the interval is that of the plain bootstrap over the same draws."""
    predicted, truth = rows(60)
    low, high = interval(built(metric), predicted, truth, DRAWS)
    random = np.random.default_rng(0)
    values = []
    for _ in range(1000):
        members = torch.from_numpy(random.integers(0, 60, 60))
        values.append(measure(built(metric), predicted[members], truth[members]))
    expected = np.quantile(values, [0.025, 0.975])
    assert high - low == pytest.approx(expected[1] - expected[0], rel=0.2)
    assert low == pytest.approx(expected[0], abs=0.3 * (high - low))


def test_the_seed_alone_decides():
    """The same seed gives the same bounds to the last bit, another one others."""
    predicted, truth = rows(500)
    metric = built(RmseMetric(NoParams()))
    first = interval(metric, predicted, truth, DRAWS)
    assert interval(metric, predicted, truth, DRAWS) == first
    assert interval(metric, predicted, truth, Draws(0.95, 1000, 8)) != first


def test_a_higher_level_is_a_wider_interval():
    """What is asked for with more confidence is said less exactly."""
    predicted, truth = rows(500)
    metric = built(RmseMetric(NoParams()))
    widths = [high - low for low, high in (interval(metric, predicted, truth, Draws(level, 1000, 7)) for level in (0.5, 0.9, 0.99))]
    assert widths == sorted(widths)
    assert widths[0] < widths[2] / 2


def test_an_area_under_a_curve_has_an_interval():
    """A metric that does not add up is computed anew for each draw; DeLong's standard error is not far."""
    random = np.random.default_rng(2)
    truth = torch.from_numpy(random.integers(0, 2, 400))
    predicted = torch.from_numpy(1 / (1 + np.exp(-(random.normal(size=400) + 2 * truth.numpy() - 1))))
    metric = built(AucMetric(AucParams()), YES_OR_NO)
    value = measure(metric, predicted, truth)
    low, high = interval(metric, predicted, truth, DRAWS)
    assert low < value < high
    assert (high - low) / 2 == pytest.approx(1.96 * _delong(predicted.numpy(), truth.numpy()), rel=0.25)


def _delong(predicted, truth):
    """The standard error of the area (DeLong, DeLong & Clarke-Pearson 1988)."""
    wins = (predicted[truth == 1][:, None] > predicted[truth == 0]).astype(float)
    return math.sqrt(wins.mean(axis=1).var(ddof=1) / len(wins) + wins.mean(axis=0).var(ddof=1) / wins.shape[1])


def test_rows_beyond_ten_thousand_narrow_the_interval():
    """An area over many rows is drawn from some of them, and scaled to all: four times the rows halve the width."""
    random = np.random.default_rng(2)
    widths = []
    for count in (10_000, 40_000):
        truth = torch.from_numpy(random.integers(0, 2, count))
        predicted = torch.from_numpy(random.normal(size=count) + truth.numpy()).sigmoid()
        low, high = interval(built(AucMetric(AucParams()), YES_OR_NO), predicted, truth, Draws(0.95, 100, 7))
        widths.append(high - low)
    assert widths[1] == pytest.approx(widths[0] / 2, rel=0.35)


def test_what_cannot_be_told_is_not_told():
    """No rows, one row, one class: no value or no interval, rather than a number that means nothing."""
    area, accuracy = built(AucMetric(AucParams()), YES_OR_NO), built(AccuracyMetric(AccuracyParams()), YES_OR_NO)
    ones = torch.ones(30, dtype=torch.int64)
    assert measure(area, torch.rand(30, dtype=torch.float64), ones) is None
    assert measure(accuracy, torch.rand(0, dtype=torch.float64), ones[:0]) is None
    assert measure(built(R2Metric(NoParams())), *(part[:1] for part in rows())) is None
    assert interval(accuracy, torch.rand(1, dtype=torch.float64), ones[:1], DRAWS) is None
    assert interval(accuracy, torch.rand(30, dtype=torch.float64), ones, Draws(0.95, 0, 7)) is None
