"""Loss `cross_entropy`: minus the log of the probability that a softmax gives the true class."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from ymltrain.api import Params, Task, plugin

if TYPE_CHECKING:
    from torch import Tensor


class CrossEntropyParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: cross_entropy`."""

    label_smoothing: Annotated[
        float, Meta(ge=0, lt=1, description="Share of the true class's probability spread over all classes.")
    ] = 0.0


@plugin("loss", "cross_entropy", params=CrossEntropyParams)
class CrossEntropyLoss:
    """Softmax cross entropy of each row."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification",)

    def __init__(self, params: CrossEntropyParams) -> None:
        self._params = params

    def build(self) -> Callable[[Tensor, Tensor], Tensor]:
        from torch.nn import functional

        smoothing = self._params.label_smoothing

        def cross_entropy(output: Tensor, target: Tensor) -> Tensor:
            return functional.cross_entropy(output, target, reduction="none", label_smoothing=smoothing)

        return cross_entropy
