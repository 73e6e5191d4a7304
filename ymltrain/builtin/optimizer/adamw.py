"""Optimizer `adamw`: torch.optim.AdamW (Loshchilov & Hutter 2019), with torch's names and defaults."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from ymltrain.api import Params, plugin

if TYPE_CHECKING:
    import torch


class AdamWParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: adamw`."""

    lr: Annotated[float, Meta(gt=0, description="Learning rate.")] = 1e-3
    betas: Annotated[
        tuple[Annotated[float, Meta(ge=0, lt=1)], Annotated[float, Meta(ge=0, lt=1)]],
        Meta(description="Decay of the running averages of the gradient and of its square."),
    ] = (0.9, 0.999)
    eps: Annotated[float, Meta(gt=0, description="Added to the denominator, for stability.")] = 1e-8
    weight_decay: Annotated[float, Meta(ge=0, description="Share of each weight taken off per step, times lr.")] = 1e-2
    amsgrad: Annotated[bool, Meta(description="Use the largest running average of the squared gradient.")] = False


@plugin("optimizer", "adamw", params=AdamWParams)
class AdamWOptimizer:
    """Adaptive moments, weight decay apart from the gradient."""

    def __init__(self, params: AdamWParams) -> None:
        self._params = params

    @property
    def tensors_per_weight(self) -> int:
        return 2 + self._params.amsgrad

    def build(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        import torch

        from ymltrain.builtin.optimizer.fused import can_fuse

        weights = list(parameters)
        params = self._params
        return torch.optim.AdamW(
            weights,
            lr=params.lr,
            betas=params.betas,
            eps=params.eps,
            weight_decay=params.weight_decay,
            amsgrad=params.amsgrad,
            fused=can_fuse(weights),
        )
