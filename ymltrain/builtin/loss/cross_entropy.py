"""Loss `cross_entropy`: minus the log of the probability that a softmax gives the true class, or the token that follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from ymltrain.api import NO_TOKEN, Params, Task, plugin

if TYPE_CHECKING:
    from torch import Tensor


class CrossEntropyParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: cross_entropy`."""

    label_smoothing: Annotated[
        float, Meta(ge=0, lt=1, description="Share of the true class's probability spread over all classes.")
    ] = 0.0


@plugin("loss", "cross_entropy", params=CrossEntropyParams)
class CrossEntropyLoss:
    """Softmax cross entropy of each row; of a window the mean over its tokens."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification", "next_token")

    def __init__(self, params: CrossEntropyParams) -> None:
        self._params = params

    def build(self) -> Callable[[Tensor, Tensor], Tensor]:
        from torch.nn import functional

        smoothing = self._params.label_smoothing

        def cross_entropy(output: Tensor, target: Tensor) -> Tensor:
            if target.dim() == 1:
                return functional.cross_entropy(output, target, reduction="none", label_smoothing=smoothing)
            # flat, since torch has a deterministic kernel on CUDA for one dimension of classes only
            losses = functional.cross_entropy(
                output.flatten(0, 1), target.flatten().long(), reduction="none", label_smoothing=smoothing, ignore_index=NO_TOKEN
            )
            return losses.view(target.shape).sum(dim=1) / (target != NO_TOKEN).sum(dim=1).clamp(min=1)

        return cross_entropy
