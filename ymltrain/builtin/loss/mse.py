"""Loss `mse`: the squared error, on the target's encoded scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from ymltrain.api import NoParams, Task, plugin

if TYPE_CHECKING:
    from torch import Tensor


@plugin("loss", "mse")
class MseLoss:
    """The squared error of each row."""

    tasks: ClassVar[tuple[Task, ...]] = ("regression",)

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self) -> Callable[[Tensor, Tensor], Tensor]:
        from torch.nn import functional

        def squared_error(output: Tensor, target: Tensor) -> Tensor:
            return functional.mse_loss(output.squeeze(1), target, reduction="none")

        return squared_error
