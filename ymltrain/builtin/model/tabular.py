"""Model `tabular`: several networks in one over embedded numbers, for tables.

Each number goes through a piecewise-linear embedding (Gorishniy, Rubachev and Babenko, "On embeddings for numerical features in
tabular deep learning", NeurIPS 2022), categories and words through embeddings as in `mlp`. `members` networks share the hidden
layers and differ in the signs and sizes that scale what comes out of the first, and in their last layer (after TabM-mini of
Gorishniy, Kotelnikov and Babenko, "TabM: advancing tabular deep learning with parameter-efficient ensembling", ICLR 2025, which
scales what goes into the first layer and so computes it for each member, not once). Each member learns by its own loss; a
prediction is the mean of theirs: of numbers, or of probabilities.

Numbers are spread like a normal distribution by the encoder `quantile`, so that the pieces hold equally many train rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import ColumnType, FeatureShape, OutputShape, Params, TensorShape, plugin
from ymltrain.builtin.model.embedding_dim import EmbeddingDim, embedding_dim

if TYPE_CHECKING:
    import torch


class TabularParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: tabular`."""

    members: Annotated[int, Meta(ge=1, le=256, description="How many networks there are in one.")] = 8
    hidden: Annotated[
        tuple[Annotated[int, Meta(ge=1)], ...],
        Meta(min_length=1, description="Widths of the hidden layers, which the members share."),
    ] = (128, 128)
    dropout: Annotated[
        float, Meta(ge=0, le=0.99, description="Share of hidden activations zeroed while training, to the next 256th.")
    ] = 0.1
    number_dim: Annotated[
        int, Meta(ge=0, description="Width of each number's embedding; 0 leaves numbers as they are encoded.")
    ] = 8
    pieces: Annotated[
        int, Meta(ge=2, le=1024, description="Pieces of each number's embedding, of equally many rows if it is spread normally.")
    ] = 64
    embedding_dim: EmbeddingDim = "auto"


@plugin("model", "tabular", params=TabularParams)
class TabularModel:
    """A parameter-efficient ensemble of multi-layer perceptrons for tables."""

    defaults: ClassVar[Mapping[str, Any]] = {
        "optimizer": {"type": "adamw", "lr": 4e-3, "weight_decay": 0.1},
        "lr_scheduler": {"type": "cosine", "warmup_steps": 50},
        "trainer": {"max_epochs": 60, "batch_size": 128, "early_stopping": {"metric": "val/loss", "patience": 12}},
    }
    encoders: ClassVar[Mapping[ColumnType, str]] = {"number": "quantile"}

    def __init__(self, params: TabularParams) -> None:
        self._params = params

    def shapes(self, features: Sequence[FeatureShape], output: OutputShape) -> Sequence[TensorShape]:
        params, numbers, inputs = self._params, _numbers(features), self._inputs(features)
        named: dict[str, tuple[int, ...]] = {"scale": (params.members, params.hidden[0])}
        if numbers and params.number_dim:
            named["numbers.weight"] = named["numbers.bias"] = (numbers, params.number_dim)
            named["numbers.pieces"] = (numbers, params.pieces, params.number_dim)
        for position, (rows, columns) in enumerate(self._embeddings(features, "category")):
            named[f"categories.{position}.weight"] = (rows, columns)
        for position, (rows, columns) in enumerate(self._embeddings(features, "tokens")):
            named[f"texts.{position}.words.weight"] = (rows, columns)
        for position, (width, outputs) in enumerate(zip((inputs, *params.hidden), params.hidden, strict=False)):
            named[f"hidden.{position}.weight"], named[f"hidden.{position}.bias"] = (outputs, width), (outputs,)
        named["heads"], named["heads_bias"] = (params.members, params.hidden[-1], output.width), (params.members, output.width)
        return [TensorShape(name=name, shape=shape) for name, shape in named.items()]

    def build(self, features: Sequence[FeatureShape], output: OutputShape) -> torch.nn.Module:
        from ymltrain.builtin.model.tabular_network import Inputs, TabularNetwork

        params = self._params
        inputs = Inputs(
            numbers=_numbers(features),
            number_dim=params.number_dim,
            pieces=params.pieces,
            categories=self._embeddings(features, "category"),
            texts=self._embeddings(features, "tokens"),
            text_lengths=[feature.width for feature in features if feature.kind == "tokens"],
        )
        return TabularNetwork(inputs, output, members=params.members, hidden=params.hidden, dropout=params.dropout)

    def _embeddings(self, features: Sequence[FeatureShape], kind: Literal["category", "tokens"]) -> list[tuple[int, int]]:
        """Rows and columns of the embedding of each feature of a kind."""
        of_kind = [feature.cardinality for feature in features if feature.kind == kind]
        return [(cardinality, embedding_dim(self._params.embedding_dim, cardinality)) for cardinality in of_kind]

    def _inputs(self, features: Sequence[FeatureShape]) -> int:
        """How many columns come out of all embeddings."""
        embedded = [columns for kind in ("category", "tokens") for _, columns in self._embeddings(features, kind)]
        return _numbers(features) * (self._params.number_dim or 1) + sum(embedded)


def _numbers(features: Sequence[FeatureShape]) -> int:
    return sum(feature.width for feature in features if feature.kind == "number")
