"""Models that do not survive an export: a plugin file for tests."""

from typing import Annotated, Literal

import msgspec

from ymltrain.api import FeatureShape, OutputShape, Params, TensorShape, plugin


class OddParams(Params, frozen=True, kw_only=True):
    """How it is odd."""

    how: Annotated[Literal["differs", "flips", "branches"], msgspec.Meta(description="What goes wrong.")]


@plugin("model", "odd", params=OddParams)
class OddModel:
    """One linear layer over the numbers, which knows when it is exported."""

    def __init__(self, params: OddParams) -> None:
        self._how = params.how

    def shapes(self, features: list[FeatureShape], output: OutputShape) -> list[TensorShape]:
        width = sum(feature.width for feature in features if feature.kind == "number")
        return [
            TensorShape(name="layer.weight", shape=(output.width, width)),
            TensorShape(name="layer.bias", shape=(output.width,)),
        ]

    def build(self, features: list[FeatureShape], output: OutputShape) -> object:
        import torch
        from torch import nn

        how = self._how

        class Odd(nn.Module):
            def __init__(self, width: int) -> None:
                super().__init__()
                self.layer = nn.Linear(width, output.width)

            def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
                made = self.layer(inputs["number"])
                if how == "branches":
                    return made if made.sum() > 0 else made + 1
                is_exported = torch.compiler.is_exporting()
                if how == "differs":
                    return made + 0.01 if is_exported else made
                small = torch.arange(output.width) * (1e-7 if is_exported else -1e-7)
                return made * 0 + small

        return Odd(sum(feature.width for feature in features if feature.kind == "number"))
