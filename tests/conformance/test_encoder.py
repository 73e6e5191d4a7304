"""The built-in encoders pass the kit; encoders that break the contract do not."""

from __future__ import annotations

import numpy as np
import pytest

from ymltrain.api import FeatureShape, Formula
from ymltrain.builtin.encoder.hashed_words import HashedWordsEncoder, HashedWordsParams
from ymltrain.builtin.encoder.hashing import HashingEncoder, HashingParams
from ymltrain.builtin.encoder.none import NoneEncoder, NoneParams
from ymltrain.builtin.encoder.ordinal import OrdinalEncoder, OrdinalParams
from ymltrain.builtin.encoder.quantile import QuantileEncoder, QuantileParams
from ymltrain.builtin.encoder.robust import RobustEncoder, RobustParams
from ymltrain.builtin.encoder.standard import StandardEncoder, StandardParams
from ymltrain.builtin.encoder.timestamp import TimestampEncoder, TimestampParams
from ymltrain.builtin.encoder.vector import VectorEncoder, VectorParams
from ymltrain.builtin.encoder.vocabulary import VocabularyEncoder, VocabularyParams
from ymltrain.builtin.encoder.words import WordsEncoder, WordsParams
from ymltrain.testing.encoder import EncoderKit


class TestStandard(EncoderKit):
    """`standard`."""

    def make(self) -> StandardEncoder:
        return StandardEncoder(StandardParams())


class TestVocabulary(EncoderKit):
    """`vocabulary`."""

    def make(self) -> VocabularyEncoder:
        return VocabularyEncoder(VocabularyParams())


class MeanOnly:
    """Centres numbers on a mean summed block by block, with what a restore forgets and a batch decides."""

    column_types = ("number",)
    name = "f"
    shape = FeatureShape(name="f", kind="number")

    def __init__(self, mean=0.0):
        self.mean = mean

    def start(self, name, order):
        return MeanOnly()

    def restore(self, name, state):
        return MeanOnly(float(np.float32(state["mean"])))

    def update(self, column):
        self.mean += sum(column.drop_nulls().to_list()) / 3

    def finish(self):
        return self

    @property
    def state(self):
        return {"mean": self.mean}

    def encode(self, column):
        return (column.fill_null(column.mean() or 0.0).to_numpy() - self.mean).astype(np.float32).reshape(-1, 1)


class Unsure(MeanOnly):
    """Says of no column type that it is for it."""

    column_types = ()


class Learns(MeanOnly):
    """Goes on learning from what it encodes."""

    def start(self, name, order):
        return Learns()

    def encode(self, column):
        self.mean += 1
        return np.zeros((column.len(), 1), np.float32) + self.mean


class SaysOtherwise(MeanOnly):
    """Centres, and says in its formula that it does nothing."""

    formula = Formula(missing=(0.0,), steps=(), has_indicator=False)

    def start(self, name, order):
        return SaysOtherwise()


BREACHES = [
    (Unsure, "test_takes_some_column_type"),
    (MeanOnly, "test_gives_what_its_shape_says"),
    (MeanOnly, "test_state_is_json_and_restores_exactly"),
    (MeanOnly, "test_does_not_depend_on_blocks"),
    (MeanOnly, "test_encodes_row_by_row"),
    (SaysOtherwise, "test_a_formula_says_what_it_does"),
    (Learns, "test_leaves_its_input_alone"),
]
"""Something broken, and the test of the kit that finds it."""


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize(("encoder", "test"), BREACHES)
def test_the_kit_finds_a_breach(encoder, test):
    """An encoder for nothing, or one that overflows, rounds its state, sums by blocks, looks at other rows, tells another formula or goes on learning."""

    class Broken(EncoderKit):
        def make(self):
            return encoder()

    with pytest.raises(AssertionError):
        getattr(Broken(), test)()


def test_every_check_can_fail():
    """No test of the kit passes everything: for each there is something broken that it finds."""
    assert {breach[-1] for breach in BREACHES} == {name for name in dir(EncoderKit) if name.startswith("test_")}


class TestHashedWords(EncoderKit):
    """Encoder `hashed_words`."""

    def make(self):
        return HashedWordsEncoder(HashedWordsParams(length=4))


class TestHashing(EncoderKit):
    """Encoder `hashing`."""

    def make(self):
        return HashingEncoder(HashingParams(buckets=16))


class TestNone(EncoderKit):
    """Encoder `none`."""

    def make(self):
        return NoneEncoder(NoneParams(fill=-1.0))


class TestOrdinal(EncoderKit):
    """Encoder `ordinal`."""

    def make(self):
        return OrdinalEncoder(OrdinalParams())


class TestQuantile(EncoderKit):
    """Encoder `quantile`."""

    def make(self):
        return QuantileEncoder(QuantileParams(knots=16))


class TestRobust(EncoderKit):
    """Encoder `robust`."""

    def make(self):
        return RobustEncoder(RobustParams())


class TestTimestamp(EncoderKit):
    """Encoder `timestamp`."""

    def make(self):
        return TimestampEncoder(TimestampParams())


class TestVector(EncoderKit):
    """Encoder `vector`."""

    def make(self):
        return VectorEncoder(VectorParams())


class TestWords(EncoderKit):
    """Encoder `words`."""

    def make(self):
        return WordsEncoder(WordsParams(length=4))
