"""The baselines: what a constant and a linear model of the same features would do."""

from __future__ import annotations

import numpy as np
import pytest

from ymltrain.data.encoding import EncodedSplit
from ymltrain.data.target import BinaryTarget, ClassificationTarget, MultilabelTarget, OrdinalTarget, RegressionTarget
from ymltrain.evaluation.baselines import MOST_COLUMNS, fit_baselines, restore_baselines
from ymltrain.kinds.moments import Moments


def features(rows=600, seed=3):
    """Two numbers and a category, encoded."""
    random = np.random.default_rng(seed)
    return {
        "number": random.normal(size=(rows, 2)).astype(np.float32),
        "category": random.integers(1, 4, size=(rows, 1)).astype(np.int32),
    }


def test_the_mean_and_least_squares_of_a_number():
    """In the target's own units, transformed or not: the plain mean, and a linear relation found again."""
    inputs = features()
    numbers, category = inputs["number"].astype(np.float64), inputs["category"][:, 0]
    price = np.exp(1.0) * 1000 + 50 * numbers[:, 0] - 20 * numbers[:, 1] + 100.0 * (category == 2)
    target = RegressionTarget("log", Moments(mean=float(np.log(price).mean()), std=float(np.log(price).std())))
    encoded = ((np.log(price) - np.log(price).mean()) / np.log(price).std()).astype(np.float32)
    predicted = fit_baselines(EncodedSplit(600, inputs, encoded), target, 0).predict(inputs, 600)
    assert predicted["mean"] == pytest.approx(np.full(600, price.mean()), rel=1e-5)
    assert predicted["linear"] == pytest.approx(price, rel=1e-3)


def test_the_shares_and_logistic_regression_of_classes():
    """The majority's label from the shares; a linear boundary found again."""
    inputs = features()
    truth = (inputs["number"][:, 0] > 0.5).astype(np.int64) + (inputs["category"][:, 0] == 3)
    predicted = fit_baselines(EncodedSplit(600, inputs, truth), ClassificationTarget(["a", "b", "c"], None), 0).predict(inputs, 600)
    assert predicted["majority"][0] == pytest.approx(np.bincount(truth) / 600)
    assert predicted["linear"].sum(axis=1) == pytest.approx(np.ones(600))
    assert (predicted["linear"].argmax(axis=1) == truth).mean() > 0.97


@pytest.mark.parametrize(
    ("target", "shape"),
    [
        (BinaryTarget(["no", "yes"], 0.5, None), (600,)),
        (OrdinalTarget(["low", "middle", "high"], None), (600, 3)),
        (MultilabelTarget(["x", "y"], 0.5), (600, 2)),
    ],
)
def test_every_task_has_them_in_the_form_of_its_predictions(target, shape):
    """And a bundle's copy predicts the same, to the last bit."""
    inputs = features()
    yes = inputs["number"][:, 0] > 0
    truth = {
        "binary": yes.astype(np.float32),
        "ordinal": yes.astype(np.int64) * 2,
        "multilabel": np.stack([yes, ~yes], axis=1).astype(np.float32),
    }[target.output.task]
    baselines = fit_baselines(EncodedSplit(600, inputs, truth), target, 0)
    predicted = baselines.predict(inputs, 600)
    again = restore_baselines(target.output, baselines.tensors()).predict(inputs, 600)
    assert list(predicted) == ["majority", "linear"]
    for name, values in predicted.items():
        assert values.shape == shape
        assert np.array_equal(values, again[name])
    chosen = predicted["linear"] >= 0.5 if target.output.task != "ordinal" else predicted["linear"].argmax(axis=1)
    assert (chosen == truth).mean() > 0.97


def test_too_wide_a_table_has_the_constant_only():
    """A linear model with thousands of columns would cost more than it tells."""
    inputs = {"number": np.zeros((3, MOST_COLUMNS), np.float32)}
    target = RegressionTarget("none", Moments(mean=0.0, std=1.0))
    baselines = fit_baselines(EncodedSplit(3, inputs, np.arange(3, dtype=np.float32)), target, 0)
    assert list(baselines.predict(inputs, 3)) == ["mean"]
    assert list(restore_baselines(target.output, baselines.tensors()).predict(inputs, 3)) == ["mean"]


def test_words_count_by_the_most_frequent_ones():
    """A label that follows from a word is found from the word's id, wherever it stands in the row."""
    random = np.random.default_rng(5)
    tokens = random.integers(1, 400, size=(500, 6)).astype(np.int32)
    has_word = random.random(500) < 0.5
    tokens[has_word, random.integers(0, 6, has_word.sum())] = 7
    truth = (tokens == 7).any(axis=1)
    baselines = fit_baselines(
        EncodedSplit(500, {"tokens": tokens}, truth.astype(np.float32)), BinaryTarget(["no", "yes"], 0.5, None), 0
    )
    assert ((baselines.predict({"tokens": tokens}, 500)["linear"] >= 0.5) == truth).mean() > 0.95
