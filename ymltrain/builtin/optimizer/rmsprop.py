"""Optimizer `rmsprop`: torch.optim.RMSprop (Hinton's lecture 6e), with torch's names and defaults."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from ymltrain.api import Params, plugin

if TYPE_CHECKING:
    import torch


class RmspropParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: rmsprop`."""

    lr: Annotated[float, Meta(gt=0, description="Learning rate.")] = 1e-2
    alpha: Annotated[float, Meta(ge=0, lt=1, description="Decay of the running average of the squared gradient.")] = 0.99
    eps: Annotated[float, Meta(gt=0, description="Added to the denominator, for stability.")] = 1e-8
    weight_decay: Annotated[float, Meta(ge=0, description="L2 penalty, added to the gradient.")] = 0.0
    momentum: Annotated[float, Meta(ge=0, lt=1, description="Share of the last update that is kept.")] = 0.0
    centered: Annotated[bool, Meta(description="Divide by an estimate of the gradient's variance.")] = False


@plugin("optimizer", "rmsprop", params=RmspropParams)
class RmspropOptimizer:
    """Each weight's gradient divided by a running average of its size."""

    def __init__(self, params: RmspropParams) -> None:
        self._params = params

    @property
    def tensors_per_weight(self) -> int:
        return 1 + self._params.centered + (self._params.momentum > 0)

    def build(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        import torch

        params = self._params
        return torch.optim.RMSprop(
            list(parameters),
            lr=params.lr,
            alpha=params.alpha,
            eps=params.eps,
            weight_decay=params.weight_decay,
            momentum=params.momentum,
            centered=params.centered,
        )
