"""One exact pass over a split, in the user's own units."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ymltrain.builtin.loss.cross_entropy import CrossEntropyLoss, CrossEntropyParams
from ymltrain.builtin.loss.mse import MseLoss
from ymltrain.builtin.metric.accuracy import AccuracyMetric, AccuracyParams
from ymltrain.builtin.metric.mae import MaeMetric
from ymltrain.builtin.metric.r2 import R2Metric
from ymltrain.builtin.metric.rmse import RmseMetric
from ymltrain.data.encoding import EncodedSplit
from ymltrain.data.loader import TensorSplit
from ymltrain.data.target import ClassificationTarget, RegressionTarget
from ymltrain.diagnostics import RunError
from ymltrain.evaluation.evaluate import Measures, evaluate
from ymltrain.kinds import NoParams
from ymltrain.kinds.moments import Moments


def split_of(rows, number, category, target, weight=None):
    """Encoded rows, as the data layer hands them over."""
    inputs = {kind: array for kind, array in (("number", number), ("category", category)) if array is not None}
    return EncodedSplit(rows, inputs, target, weight)


class FirstNumbers(nn.Module):
    """Gives the first columns of the numbers as its output; a dropout shows in which mode it is."""

    def __init__(self, width):
        super().__init__()
        self.width = width
        self.dropout = nn.Dropout(0.5)

    def forward(self, inputs):
        return self.dropout(inputs["number"][:, : self.width])


def regression(rows=101):
    """A split whose first number is a prediction of the target."""
    random = np.random.default_rng(3)
    number = random.normal(size=(rows, 2)).astype(np.float32)
    target = (number[:, 0] + random.normal(size=rows)).astype(np.float32)
    return split_of(rows, number, None, target)


@pytest.mark.parametrize("batch_rows", [1, 7, 100, 101, 5000])
def test_every_row_counts_once(batch_rows):
    """Loss and metrics are those of numpy over all rows, whatever the batch size; the mean shifted far from zero."""
    split = regression()
    target = RegressionTarget("none", Moments(mean=1e6, std=3.0))
    measures = Measures(MseLoss(NoParams()).build(), {"rmse": RmseMetric(NoParams()), "mae": MaeMetric(NoParams())}, target)
    values = evaluate(FirstNumbers(1), TensorSplit.of(split), measures, batch_rows=batch_rows)
    errors = split.inputs["number"][:, 0].astype(np.float64) - split.target
    assert values["loss"] == pytest.approx(np.mean(errors**2), rel=1e-6)
    assert values["rmse"] == pytest.approx(3 * np.sqrt(np.mean(errors**2)), rel=1e-9)
    assert values["mae"] == pytest.approx(3 * np.mean(abs(errors)), rel=1e-9)


def test_a_transformed_target_is_measured_in_its_own_units():
    """Of a logarithm's standardised prediction, rmse is that of the exponentials."""
    split = regression()
    measures = Measures(
        MseLoss(NoParams()).build(), {"rmse": RmseMetric(NoParams())}, RegressionTarget("log", Moments(mean=2, std=0.5))
    )
    values = evaluate(FirstNumbers(1), TensorSplit.of(split), measures, batch_rows=50)
    predicted, true = (np.exp(2 + 0.5 * values.astype(np.float64)) for values in (split.inputs["number"][:, 0], split.target))
    assert values["rmse"] == pytest.approx(np.sqrt(np.mean((predicted - true) ** 2)), rel=1e-9)


def test_classes_are_measured_by_probabilities():
    """Accuracy counts the most probable class; the loss is the softmax cross entropy."""
    random = np.random.default_rng(4)
    logits = random.normal(size=(90, 3)).astype(np.float32)
    classes = random.integers(0, 3, size=90)
    measures = Measures(
        CrossEntropyLoss(CrossEntropyParams()).build(),
        {"accuracy": AccuracyMetric(AccuracyParams())},
        ClassificationTarget("pqr", None),
    )
    values = evaluate(FirstNumbers(3), TensorSplit.of(split_of(90, logits, None, classes)), measures, batch_rows=32)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert values["accuracy"] == pytest.approx(np.mean(logits.argmax(axis=1) == classes))
    assert values["loss"] == pytest.approx(-np.mean(np.log(probabilities[np.arange(90), classes])), rel=1e-5)


def test_each_module_keeps_its_mode():
    """Evaluation switches dropout off and leaves every module as it was, a frozen one too."""
    network = FirstNumbers(1)
    network.dropout.eval()
    evaluate(
        network,
        TensorSplit.of(regression()),
        Measures(MseLoss(NoParams()).build(), {}, RegressionTarget("none", Moments(mean=0, std=1))),
        batch_rows=9,
    )
    assert network.training
    assert not network.dropout.training


def test_no_random_number_is_drawn():
    """What follows an evaluation draws what it would have drawn without it."""
    before = torch.get_rng_state()
    network = FirstNumbers(1)
    evaluate(
        network,
        TensorSplit.of(regression()),
        Measures(MseLoss(NoParams()).build(), {}, RegressionTarget("none", Moments(mean=0, std=1))),
        batch_rows=9,
    )
    assert torch.equal(torch.get_rng_state(), before)


def test_a_metric_that_cannot_be_computed_is_named():
    """One row has no variance to explain."""
    measures = Measures(MseLoss(NoParams()).build(), {"r2": R2Metric(NoParams())}, RegressionTarget("none", Moments(mean=0, std=1)))
    with pytest.raises(RunError, match="metric r2 cannot be computed") as caught:
        evaluate(FirstNumbers(1), TensorSplit.of(regression(1)), measures, batch_rows=9)
    assert caught.value.code == "YT906"
