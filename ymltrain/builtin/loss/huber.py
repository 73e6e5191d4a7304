"""Loss `huber`: the squared error near zero, the absolute error beyond `delta` (Huber 1964), on the target's encoded scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from ymltrain.api import Params, Task, plugin

if TYPE_CHECKING:
    from torch import Tensor


class HuberParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: huber`."""

    delta: Annotated[float, Meta(gt=0, description="The error, in standard deviations, from which it counts linearly.")] = 1.0


@plugin("loss", "huber", params=HuberParams)
class HuberLoss:
    """Half the squared error of each row, or its tangent beyond `delta`."""

    tasks: ClassVar[tuple[Task, ...]] = ("regression",)

    def __init__(self, params: HuberParams) -> None:
        self._params = params

    def build(self) -> Callable[[Tensor, Tensor], Tensor]:
        from torch.nn import functional

        delta = self._params.delta

        def huber(output: Tensor, target: Tensor) -> Tensor:
            return functional.huber_loss(output.squeeze(1), target, reduction="none", delta=delta)

        return huber
