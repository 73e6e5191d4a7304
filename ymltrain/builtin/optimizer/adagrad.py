"""Optimizer `adagrad`: torch.optim.Adagrad (Duchi et al. 2011), with torch's names and defaults."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from ymltrain.api import Params, plugin

if TYPE_CHECKING:
    import torch


class AdagradParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: adagrad`."""

    lr: Annotated[float, Meta(gt=0, description="Learning rate.")] = 1e-2
    lr_decay: Annotated[float, Meta(ge=0, description="Decay of the learning rate per step.")] = 0.0
    weight_decay: Annotated[float, Meta(ge=0, description="L2 penalty, added to the gradient.")] = 0.0
    initial_accumulator_value: Annotated[float, Meta(ge=0, description="Where the sums of squared gradients start.")] = 0.0
    eps: Annotated[float, Meta(gt=0, description="Added to the denominator, for stability.")] = 1e-10


@plugin("optimizer", "adagrad", params=AdagradParams)
class AdagradOptimizer:
    """Each weight's learning rate shrinks with the gradients it has seen."""

    def __init__(self, params: AdagradParams) -> None:
        self._params = params

    @property
    def tensors_per_weight(self) -> int:
        return 1

    def build(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        import torch

        from ymltrain.builtin.optimizer.fused import can_fuse

        weights = list(parameters)
        params = self._params
        return torch.optim.Adagrad(
            weights,
            lr=params.lr,
            lr_decay=params.lr_decay,
            weight_decay=params.weight_decay,
            initial_accumulator_value=params.initial_accumulator_value,
            eps=params.eps,
            fused=can_fuse(weights, devices=("cpu",)),
        )
