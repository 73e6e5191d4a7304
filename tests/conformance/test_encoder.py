"""The built-in encoders pass the kit; encoders that break the contract do not."""

from __future__ import annotations

import numpy as np
import pytest

from ymltrain.api import FeatureShape, NoParams
from ymltrain.builtin.encoder.standard import StandardEncoder
from ymltrain.builtin.encoder.vocabulary import VocabularyEncoder
from ymltrain.testing.encoder import EncoderKit


class TestStandard(EncoderKit):
    """`standard`."""

    def make(self) -> StandardEncoder:
        return StandardEncoder(NoParams())


class TestVocabulary(EncoderKit):
    """`vocabulary`."""

    def make(self) -> VocabularyEncoder:
        return VocabularyEncoder(NoParams())


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


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize(
    "test",
    [
        "test_gives_what_its_shape_says",
        "test_state_is_json_and_restores_exactly",
        "test_does_not_depend_on_blocks",
        "test_encodes_row_by_row",
    ],
)
def test_the_kit_finds_a_breach(test):
    """An encoder that overflows, rounds its state, sums by blocks and looks at other rows fails each test about that."""

    class Broken(EncoderKit):
        def make(self):
            return MeanOnly()

    with pytest.raises(AssertionError):
        getattr(Broken(), test)()


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


@pytest.mark.parametrize(("encoder", "test"), [(Unsure, "test_takes_some_column_type"), (Learns, "test_leaves_its_input_alone")])
def test_the_kit_finds_a_careless_encoder(encoder, test):
    """An encoder for nothing, and one whose state moves while it encodes, fail the test about that."""

    class Broken(EncoderKit):
        def make(self):
            return encoder()

    with pytest.raises(AssertionError):
        getattr(Broken(), test)()
