"""Model `mlp`: numbers, embedded categories and embedded words, summed over the root of their number, through full layers.

Each hidden layer is Linear, norm, activation, dropout; a last Linear makes the output. A category never
seen in training (id 0) is embedded as zeros, which are never trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from ymltrain.api import FeatureShape, OutputShape, Params, TensorShape, plugin
from ymltrain.builtin.model.embedding_dim import EmbeddingDim, embedding_dim

if TYPE_CHECKING:
    import torch


class MlpParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: mlp`."""

    hidden: Annotated[
        tuple[Annotated[int, Meta(ge=1)], ...],
        Meta(description="Widths of the hidden layers, from input to output; [] leaves a linear layer."),
    ] = (128, 64)
    dropout: Annotated[float, Meta(ge=0, lt=1, description="Share of hidden activations zeroed while training.")] = 0.0
    activation: Annotated[Literal["relu", "gelu", "silu", "tanh"], Meta(description="What follows each hidden layer's norm.")] = (
        "relu"
    )
    norm: Annotated[
        Literal["layer", "batch", "none"],
        Meta(description="Normalisation of hidden layers. `batch` makes a row's output depend on its batch while training."),
    ] = "layer"
    embedding_dim: EmbeddingDim = "auto"


@plugin("model", "mlp", params=MlpParams)
class MlpModel:
    """A multi-layer perceptron for tables."""

    def __init__(self, params: MlpParams) -> None:
        self._params = params

    def shapes(self, features: Sequence[FeatureShape], output: OutputShape) -> Sequence[TensorShape]:
        shapes = [
            TensorShape(name=f"embeddings.{position}.weight", shape=size)
            for position, size in enumerate(self._embeddings(features))
        ]
        for position, (_, *size) in enumerate(self._texts(features)):
            shapes.append(TensorShape(name=f"texts.{position}.words.weight", shape=tuple(size)))
        position = 0
        layers_per_hidden = 3 + (self._params.norm != "none")
        for inputs, outputs in pairwise(self._widths(features, output)):
            shapes.append(TensorShape(name=f"layers.{position}.weight", shape=(outputs, inputs)))
            shapes.append(TensorShape(name=f"layers.{position}.bias", shape=(outputs,)))
            is_last = position == len(self._params.hidden) * layers_per_hidden
            if self._params.norm != "none" and not is_last:
                shapes.append(TensorShape(name=f"layers.{position + 1}.weight", shape=(outputs,)))
                shapes.append(TensorShape(name=f"layers.{position + 1}.bias", shape=(outputs,)))
            position += layers_per_hidden
        return shapes

    def build(self, features: Sequence[FeatureShape], output: OutputShape) -> torch.nn.Module:
        from ymltrain.builtin.model.mlp_network import MlpNetwork

        return MlpNetwork(
            embeddings=self._embeddings(features),
            texts=self._texts(features),
            widths=self._widths(features, output),
            dropout=self._params.dropout,
            activation=self._params.activation,
            norm=self._params.norm,
        )

    def _embeddings(self, features: Sequence[FeatureShape]) -> list[tuple[int, int]]:
        """Rows and columns of each category feature's embedding."""
        return [
            (feature.cardinality, embedding_dim(self._params.embedding_dim, feature.cardinality))
            for feature in features
            if feature.kind == "category"
        ]

    def _texts(self, features: Sequence[FeatureShape]) -> list[tuple[int, int, int]]:
        """Words, and rows and columns of the embedding, of each text feature."""
        return [
            (feature.width, feature.cardinality, embedding_dim(self._params.embedding_dim, feature.cardinality))
            for feature in features
            if feature.kind == "tokens"
        ]

    def _widths(self, features: Sequence[FeatureShape], output: OutputShape) -> list[int]:
        numbers = sum(feature.width for feature in features if feature.kind == "number")
        embedded = sum(columns for _, columns in self._embeddings(features)) + sum(columns for *_, columns in self._texts(features))
        return [numbers + embedded, *self._params.hidden, output.width]
