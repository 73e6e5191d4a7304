"""Loss `ordinal_cross_entropy`: the logistic losses of being at least each class, summed (Cheng, Wang & Pollastri 2008)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from ymltrain.api import NoParams, Task, plugin

if TYPE_CHECKING:
    from torch import Tensor


@plugin("loss", "ordinal_cross_entropy")
class OrdinalCrossEntropyLoss:
    """A mistake costs more the further it is off."""

    tasks: ClassVar[tuple[Task, ...]] = ("ordinal",)

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self) -> Callable[[Tensor, Tensor], Tensor]:
        import torch
        from torch.nn import functional

        def ordinal_cross_entropy(output: Tensor, target: Tensor) -> Tensor:
            levels = torch.arange(1, output.shape[1] + 1, device=output.device)
            truth = (target[:, None] >= levels).to(output.dtype)
            return functional.binary_cross_entropy_with_logits(output, truth, reduction="none").sum(dim=1)

        return ordinal_cross_entropy
