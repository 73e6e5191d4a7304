"""Loss `binary_cross_entropy`: minus the log of the probability given to the truth; of several labels their mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from ymltrain.api import Params, Task, plugin

if TYPE_CHECKING:
    from torch import Tensor


class BinaryCrossEntropyParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: binary_cross_entropy`."""

    label_smoothing: Annotated[float, Meta(ge=0, lt=1, description="Share of the truth spread over yes and no.")] = 0.0
    focus: Annotated[
        float,
        Meta(ge=0, description="Gamma of the focal loss (Lin et al. 2017): rows that are predicted well count less; 0 for none."),
    ] = 0.0


@plugin("loss", "binary_cross_entropy", params=BinaryCrossEntropyParams)
class BinaryCrossEntropyLoss:
    """Logistic loss of each row."""

    tasks: ClassVar[tuple[Task, ...]] = ("binary", "multilabel")

    def __init__(self, params: BinaryCrossEntropyParams) -> None:
        self._params = params

    def build(self) -> Callable[[Tensor, Tensor], Tensor]:
        import torch
        from torch.nn import functional

        smoothing, focus = self._params.label_smoothing, self._params.focus

        def binary_cross_entropy(output: Tensor, target: Tensor) -> Tensor:
            truth = target.reshape(output.shape) * (1 - smoothing) + smoothing / 2
            losses = functional.binary_cross_entropy_with_logits(output, truth, reduction="none")
            if focus:
                losses = losses * (torch.sigmoid(output) - truth).abs() ** focus
            return losses.mean(dim=1)

        return binary_cross_entropy
