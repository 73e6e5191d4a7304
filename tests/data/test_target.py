"""The target on its encoded scale, and back."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymltrain.data.target import ClassificationTarget, RegressionTarget, restore_target
from ymltrain.data.target_fit import start_target
from ymltrain.diagnostics import DataError
from ymltrain.plan.plan import TargetSpec
from ymltrain.plan.shapes import OutputShape


def fit_number(values, transform="none", train=None):
    """A numeric target fitted on these values, of which those marked train."""
    fit = start_target(TargetSpec(columns=("y",), type="number", transform=transform, task="regression"))
    is_train = np.ones(len(values), bool) if train is None else np.array(train)
    fit.update([pl.Series(values, dtype=pl.Float64)], is_train, 0)
    return fit.finish()


def fit_labels(labels, train=None):
    """A target of labels fitted on these, of which those marked train."""
    fit = start_target(TargetSpec(columns=("y",), type="category", transform="none", task="classification"))
    is_train = np.ones(len(labels), bool) if train is None else np.array(train)
    fit.update([pl.Series(labels, dtype=pl.String)], is_train, 0)
    return fit.finish()


def test_numbers_are_standardised_on_the_train_rows():
    """Mean and deviation come from the train rows alone; nulls have no part in them."""
    target, warnings = fit_number([1.0, 3.0, None, 100.0], train=[True, True, True, False])
    assert target.state == {"task": "regression", "transform": "none", "mean": 2.0, "std": 1.0}
    assert target.output == OutputShape(task="regression", width=1)
    encoded = target.encode([pl.Series([1.0, 3.0, 100.0])])
    assert encoded.dtype == np.float32
    assert encoded.tolist() == [-1.0, 1.0, 98.0]
    assert warnings == []


def test_a_constant_target_warns():
    """A target of one value can be trained, and is worth a word."""
    target, warnings = fit_number([5.0, 5.0])
    assert target.state["std"] == 1.0
    assert len(warnings) == 1


@given(
    values=st.lists(st.floats(0.01, 1e6), min_size=2, max_size=50),
    transform=st.sampled_from(["none", "log", "log1p"]),
)
def test_decoding_undoes_encoding(values, transform):
    """A target goes through encode and decode to the precision of float32, from `[n]` and `[n, 1]` alike."""
    target, _ = fit_number(values, transform)
    encoded = target.encode([pl.Series(values)])
    decoded = target.decode(encoded)
    assert decoded.dtype == np.float64
    assert np.allclose(decoded, values, rtol=1e-4, atol=1e-6 * max(values))
    assert (target.decode(encoded.reshape(-1, 1)) == decoded).all()
    assert target.predictions(encoded)[0].to_list() == decoded.tolist()


@pytest.mark.parametrize(
    ("transform", "values", "message"),
    [
        ("log", [1.0, 0.0, None, -2.0], "above 0, but 2 rows have others: 0 (first in row 2)"),
        ("log1p", [0.0, -1.0], "above -1, but 1 row has others: -1 (first in row 2)"),
    ],
)
def test_values_without_a_logarithm(transform, values, message):
    """Values that have no logarithm are counted over all splits, and the first is shown."""
    with pytest.raises(DataError) as caught:
        fit_number(values, transform, train=[False] * len(values))
    assert caught.value.code == "YT724"
    assert message in caught.value.message
    target, _ = fit_number([1.0, 2.0], transform)
    with pytest.raises(DataError, match="needs values above"):
        target.encode([pl.Series([-5.0])])


def test_extreme_outputs_decode_without_a_warning():
    """What a diverged network puts out decodes to an infinity, not to an exception."""
    target, _ = fit_number([1.0, 2.0], "log")
    assert target.decode(np.array([1e30, -1e30], np.float32)).tolist() == [np.inf, 0.0]


def test_labels_are_those_of_the_whole_table():
    """Classes are all labels, sorted by code point; one that no train row has is worth a word."""
    target, warnings = fit_labels(["b", "a", None, "C", "b"], train=[True, True, True, False, True])
    assert target.classes == ("C", "a", "b")
    assert target.output == OutputShape(task="classification", width=3)
    ids = target.encode([pl.Series(["a", "b", "C"])])
    assert ids.dtype == np.int64
    assert ids.tolist() == [1, 2, 0]
    assert ['"C"' in warning for warning in warnings] == [True]


def test_one_class_is_an_error():
    """A target of a single label cannot be learned."""
    with pytest.raises(DataError, match='one class only: "a"') as caught:
        fit_labels(["a", None, "a"])
    assert caught.value.code == "YT722"


def test_an_unknown_label_is_named():
    """A label that is none of the classes is an error that shows both."""
    with pytest.raises(DataError, match='"c", which is none of the classes a, b') as caught:
        ClassificationTarget(["a", "b"], None).encode([pl.Series(["a", "c"])])
    assert caught.value.code == "YT726"


def test_logits_become_probabilities_and_labels():
    """Probabilities are a softmax that no logit overflows; the label is the most probable, of equals the first."""
    target = ClassificationTarget(["a", "b", "c"], None)
    logits = np.array([[0.0, np.log(2), 0.0], [1e4, -1e4, 1e4], [-1e38, 0.0, 1.0]], np.float32)
    probabilities = target.decode(logits)
    assert probabilities.dtype == np.float64
    assert np.allclose(probabilities[:2], [[0.25, 0.5, 0.25], [0.5, 0.0, 0.5]], atol=1e-7)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert target.predictions(logits)[0].to_list() == ["b", "a", "c"]


def test_state_restores_exactly():
    """A target that went through JSON encodes and decodes to the same bits."""
    numbers, outputs = pl.Series([0.1, 7.3, 1e5]), np.random.default_rng(1).normal(size=(3, 1)).astype(np.float32)
    target, _ = fit_number([0.1, 0.2, 0.7], "log1p")
    restored = restore_target(json.loads(json.dumps(target.state)))
    assert isinstance(restored, RegressionTarget)
    assert restored.state == target.state
    assert restored.encode([numbers]).tobytes() == target.encode([numbers]).tobytes()
    assert restored.decode(outputs).tobytes() == target.decode(outputs).tobytes()
    labels, _ = fit_labels(["é", "a", "10", "9"])
    restored = restore_target(json.loads(json.dumps(labels.state)))
    assert isinstance(restored, ClassificationTarget)
    assert (restored.classes, restored.output) == (labels.classes, labels.output)
