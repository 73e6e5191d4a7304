"""Loss `mae`: the absolute error, on the target's encoded scale."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from ymltrain.api import NoParams, Task, plugin

if TYPE_CHECKING:
    from torch import Tensor


@plugin("loss", "mae")
class MaeLoss:
    """The absolute error of each row."""

    tasks: ClassVar[tuple[Task, ...]] = ("regression",)

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self) -> Callable[[Tensor, Tensor], Tensor]:
        from torch.nn import functional

        def absolute_error(output: Tensor, target: Tensor) -> Tensor:
            return functional.l1_loss(output.squeeze(1), target, reduction="none")

        return absolute_error
