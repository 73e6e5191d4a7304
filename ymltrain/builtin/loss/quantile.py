"""Loss `quantile`: the pinball loss, whose least mean is a quantile (Koenker & Bassett 1978), on the target's encoded scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from ymltrain.api import Params, Task, plugin

if TYPE_CHECKING:
    from torch import Tensor


class QuantileParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: quantile`."""

    q: Annotated[float, Meta(gt=0, lt=1, description="The quantile to predict: 0.5 is the median, 0.9 is rarely exceeded.")] = 0.5


@plugin("loss", "quantile", params=QuantileParams)
class QuantileLoss:
    """Errors below the truth weigh `q`, those above it 1 - `q`."""

    tasks: ClassVar[tuple[Task, ...]] = ("regression",)

    def __init__(self, params: QuantileParams) -> None:
        self._params = params

    def build(self) -> Callable[[Tensor, Tensor], Tensor]:
        import torch

        q = self._params.q

        def pinball(output: Tensor, target: Tensor) -> Tensor:
            below = target - output.squeeze(1)
            return torch.maximum(q * below, (q - 1) * below)

        return pinball
