"""Optimizer `sgd`: torch.optim.SGD, with torch's names and defaults."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from ymltrain.api import Params, plugin

if TYPE_CHECKING:
    import torch


class SgdParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: sgd`."""

    lr: Annotated[float, Meta(gt=0, description="Learning rate.")] = 1e-3
    momentum: Annotated[float, Meta(ge=0, lt=1, description="Share of the last update that is kept.")] = 0.0
    dampening: Annotated[float, Meta(ge=0, le=1, description="Share of the gradient kept out of the momentum.")] = 0.0
    weight_decay: Annotated[float, Meta(ge=0, description="L2 penalty, added to the gradient.")] = 0.0
    nesterov: Annotated[bool, Meta(description="Look ahead along the momentum; needs momentum and no dampening.")] = False

    def __post_init__(self) -> None:
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum above 0")
        if self.nesterov and self.dampening:
            raise ValueError("nesterov needs a dampening of 0")


@plugin("optimizer", "sgd", params=SgdParams)
class SgdOptimizer:
    """Stochastic gradient descent, with momentum if asked for."""

    def __init__(self, params: SgdParams) -> None:
        self._params = params

    @property
    def tensors_per_weight(self) -> int:
        return int(self._params.momentum > 0)

    def build(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        import torch

        from ymltrain.builtin.optimizer.fused import can_fuse

        weights = list(parameters)
        params = self._params
        return torch.optim.SGD(
            weights,
            lr=params.lr,
            momentum=params.momentum,
            dampening=params.dampening,
            weight_decay=params.weight_decay,
            nesterov=params.nesterov,
            fused=can_fuse(weights),
        )
