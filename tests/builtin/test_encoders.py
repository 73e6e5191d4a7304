"""What the built-in encoders learn and give."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ymltrain.api import FeatureShape, FittedEncoder
from ymltrain.builtin.encoder.standard import StandardEncoder, StandardParams
from ymltrain.builtin.encoder.vocabulary import VocabularyEncoder, VocabularyParams

NUMBERS = st.lists(st.one_of(st.none(), st.floats()), max_size=60)
TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=6)), max_size=60)
SIZES = st.integers(1, 70)


def standard(values: list[float | None], size: int = 1000) -> FittedEncoder:
    """A `standard` encoder fitted on these values, which arrive in blocks of this size."""
    fit = StandardEncoder(StandardParams(missing_indicator=False)).start("x", None)
    for start in range(0, len(values), size):
        fit.update(numbers(values[start : start + size]))
    return fit.finish()


def vocabulary(values: list[str | None], order: list[str] | None = None, size: int = 1000) -> FittedEncoder:
    """A `vocabulary` encoder fitted on these values, which arrive in blocks of this size."""
    fit = VocabularyEncoder(VocabularyParams()).start("x", order)
    for start in range(0, len(values), size):
        fit.update(texts(values[start : start + size]))
    return fit.finish()


def numbers(values: list[float | None]) -> pl.Series:
    """A column as a number feature's encoder gets it."""
    return pl.Series("values", values, pl.Float64)


def texts(values: list[str | None]) -> pl.Series:
    """A column as a category's encoder gets it."""
    return pl.Series("values", values, pl.String)


def test_standard_centres_and_scales():
    """Values lie about 0 with a population standard deviation of 1; a missing one lies at 0."""
    fitted = standard([1.0, 3.0, None, 5.0, 7.0])
    assert fitted.state == {"mean": 4.0, "std": 5.0**0.5, "has_indicator": False}
    encoded = fitted.encode(numbers([4.0, None, 9.0, float("nan"), float("inf")]))
    assert encoded.dtype == np.float32
    assert encoded.tolist() == [[0.0], [0.0], [np.float32(5 / 5**0.5)], [0.0], [0.0]]
    assert fitted.shape == FeatureShape(name="x", kind="number", width=1)


def test_standard_of_a_constant():
    """A column of one value encodes to 0, and a value it never had to its distance."""
    fitted = standard([0.1] * 7)
    assert fitted.state == {"mean": 0.1, "std": 1.0, "has_indicator": False}
    assert fitted.encode(numbers([0.1, 2.1])).tolist() == [[0.0], [2.0]]


def test_standard_clips_to_float32():
    """What float32 cannot hold is its largest number of that sign, never an infinity."""
    largest = float(np.finfo(np.float32).max)
    assert standard([0.0, 1.0]).encode(numbers([1.7e308, -1.7e308])).tolist() == [[largest], [-largest]]


@settings(max_examples=200)
@given(trained=NUMBERS, size=SIZES, others=NUMBERS)
def test_standard_takes_any_number(trained, size, others):
    """For any values, blocks of any size give one state, which restores through JSON, and nothing encodes to NaN."""
    fitted = standard(trained)
    assert standard(trained, size).state == fitted.state
    restored = StandardEncoder(StandardParams(missing_indicator=False)).restore(
        "x", json.loads(json.dumps(fitted.state, allow_nan=False))
    )
    assert restored.state == fitted.state
    for values in (trained, others):
        encoded = fitted.encode(numbers(values))
        assert encoded.shape == (len(values), 1)
        assert np.isfinite(encoded).all()
        assert restored.encode(numbers(values)).tobytes() == encoded.tobytes()


def test_vocabulary_numbers_values_by_code_point():
    """Ids follow the code points; 0 is for what was never seen, a missing value among that."""
    fitted = vocabulary(["b", "a", "B", "é", "10", "9", "a"])
    assert fitted.state == {"values": ["10", "9", "B", "a", "b", "é"], "has_null": False}
    encoded = fitted.encode(texts(["10", "é", "never", None, ""]))
    assert encoded.dtype == np.int32
    assert encoded.tolist() == [1, 6, 0, 0, 0]
    assert fitted.shape == FeatureShape(name="x", kind="category", cardinality=7)


def test_vocabulary_gives_a_missing_value_the_last_id():
    """A missing value that occurs in training is one more value."""
    fitted = vocabulary(["b", None, "a"])
    assert fitted.encode(texts([None, "a", "b", "c"])).tolist() == [3, 1, 2, 0]
    assert fitted.shape.cardinality == 4


def test_vocabulary_keeps_the_recipe_order():
    """The recipe's values come first, also those that never occur; what it leaves out follows."""
    fitted = vocabulary(["Ideal", "Fair", "x", "Odd"], order=["Fair", "Good", "Ideal", "Fair"])
    assert fitted.state["values"] == ["Fair", "Good", "Ideal", "Odd", "x"]


@settings(max_examples=200)
@given(trained=TEXTS, size=SIZES, others=TEXTS, order=st.one_of(st.none(), st.lists(st.text(max_size=3), max_size=5)))
def test_vocabulary_takes_any_text(trained, size, others, order):
    """For any values, blocks of any size give one state, which restores through JSON, and each value its own id."""
    fitted = vocabulary(trained, order)
    assert vocabulary(trained, order, size).state == fitted.state
    restored = VocabularyEncoder(VocabularyParams()).restore("x", json.loads(json.dumps(fitted.state)))
    assert restored.state == fitted.state
    for values in (trained, others):
        ids = fitted.encode(texts(values)).tolist()
        assert restored.encode(texts(values)).tolist() == ids
        assert all(0 <= number < fitted.shape.cardinality for number in ids)
        assert all((number > 0) == (value in trained or value in (order or [])) for value, number in zip(values, ids, strict=True))
    known = list(dict.fromkeys(trained))
    assert len(set(fitted.encode(texts(known)).tolist())) == len(known)
