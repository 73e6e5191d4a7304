"""The built-in models pass the kit; models that break the contract do not."""

from __future__ import annotations

from typing import ClassVar

import pytest
import torch
from torch import nn

from ymltrain.api import NoParams, TensorShape
from ymltrain.builtin.model.linear import LinearModel
from ymltrain.builtin.model.mlp import MlpModel, MlpParams
from ymltrain.builtin.model.tabular import TabularModel, TabularParams
from ymltrain.builtin.model.transformer import TransformerModel, TransformerParams
from ymltrain.testing.model import NEXT_TOKEN, WINDOWS, ModelKit


class TestLinear(ModelKit):
    """`linear`."""

    def make(self):
        return LinearModel(NoParams())


class TestMlp(ModelKit):
    """`mlp` as it comes."""

    def make(self):
        return MlpModel(MlpParams())


class TestMlpWithoutNorm(ModelKit):
    """`mlp` without norms, with dropout and narrow embeddings."""

    def make(self):
        return MlpModel(MlpParams(norm="none", dropout=0.3, embedding_dim=2, activation="tanh"))


class TestMlpWithBatchNorm(ModelKit):
    """`mlp` with BatchNorm, whose running statistics are part of its state."""

    def make(self):
        return MlpModel(MlpParams(norm="batch", hidden=(5,), activation="silu"))


class TestMlpWithoutHiddenLayers(ModelKit):
    """`mlp` that is one linear layer."""

    def make(self):
        return MlpModel(MlpParams(hidden=(), activation="gelu"))


class TestTabular(ModelKit):
    """`tabular` as it comes."""

    def make(self):
        return TabularModel(TabularParams())


class TestTabularWithoutEmbeddedNumbers(ModelKit):
    """`tabular` that takes numbers as they are, with one layer and one member."""

    def make(self):
        return TabularModel(TabularParams(number_dim=0, hidden=(6,), members=1, embedding_dim=3, dropout=0))


class TestTabularWithFewPieces(ModelKit):
    """`tabular` with as few pieces as there can be."""

    def make(self):
        return TabularModel(TabularParams(pieces=2, number_dim=1))


class TestTransformer(ModelKit):
    """`transformer` with tied embeddings and shared heads of keys and values."""

    feature_sets = (WINDOWS,)
    outputs = (NEXT_TOKEN,)

    def make(self):
        return TransformerModel(TransformerParams(layers=2, width=16, heads=4, kv_heads=2))


class TestTransformerWithItsOwnHead(TestTransformer):
    """`transformer` with an output of its own, dropout, and activations computed again."""

    def make(self):
        return TransformerModel(
            TransformerParams(
                layers=1, width=12, heads=2, hidden=20, tie_embeddings=False, dropout=0.2, activation_checkpointing=True
            )
        )


class Careless:
    """Breaks the contract in each way the kit looks for."""

    defaults: ClassVar = {"seed": {}}

    def shapes(self, features, output):
        return [TensorShape(name="weight", shape=(2, 2))]

    def build(self, features, output):
        return Noisy()


class Noisy(nn.Module):
    """Ignores the width, mixes rows, and draws in evaluation too."""

    made = 0

    def __init__(self):
        super().__init__()
        Noisy.made += 1
        self.weight = nn.Parameter(torch.full((2,), float(Noisy.made)))
        self.hidden = torch.full((1,), float(Noisy.made))
        self.unused = nn.Parameter(torch.zeros(1))
        self.tied = self.unused

    def forward(self, inputs):
        rows = len(next(iter(inputs.values())))
        for tensor in inputs.values():
            tensor.add_(1)
        return torch.randn(rows, 2) * self.weight + self.hidden


class Clairvoyant:
    """A model of texts whose every output is of the whole window."""

    def build(self, features, output):
        class Mean(nn.Module):
            def forward(self, inputs):
                mean = inputs["tokens"].float().mean(dim=1)
                return mean[:, None, None].expand(-1, inputs["tokens"].shape[1], output.width)

        return Mean()


@pytest.mark.parametrize("check", [name for name in dir(ModelKit) if name.startswith("test_")])
def test_each_check_finds_its_fault(check):
    """No check of the kit passes everything."""
    kit = ModelKit()
    kit.make = Careless
    if check == "test_a_token_does_not_see_what_follows":
        kit.feature_sets, kit.outputs, kit.make = (WINDOWS,), (NEXT_TOKEN,), Clairvoyant
    with pytest.raises(AssertionError):
        getattr(kit, check)()
