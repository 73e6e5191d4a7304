"""Model `linear`: one weight per number, per category and per word, equal to a linear model over one-hot categories.

A category never seen in training (id 0) adds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ymltrain.api import FeatureShape, NoParams, OutputShape, TensorShape, plugin

if TYPE_CHECKING:
    import torch


@plugin("model", "linear")
class LinearModel:
    """A linear model of all features."""

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def shapes(self, features: Sequence[FeatureShape], output: OutputShape) -> Sequence[TensorShape]:
        numbers = sum(feature.width for feature in features if feature.kind == "number")
        shapes = [TensorShape(name="bias", shape=(output.width,))]
        if numbers:
            shapes.append(TensorShape(name="number.weight", shape=(output.width, numbers)))
        categories = [feature for feature in features if feature.kind == "category"]
        for position, feature in enumerate(categories):
            shapes.append(TensorShape(name=f"category.{position}.weight", shape=(feature.cardinality, output.width)))
        for position, feature in enumerate(feature for feature in features if feature.kind == "tokens"):
            shapes.append(TensorShape(name=f"text.{position}.words.weight", shape=(feature.cardinality, output.width)))
        return shapes

    def build(self, features: Sequence[FeatureShape], output: OutputShape) -> torch.nn.Module:
        from ymltrain.builtin.model.linear_network import LinearNetwork

        return LinearNetwork(
            numbers=sum(feature.width for feature in features if feature.kind == "number"),
            cardinalities=[feature.cardinality for feature in features if feature.kind == "category"],
            texts=[(feature.width, feature.cardinality) for feature in features if feature.kind == "tokens"],
            width=output.width,
        )
