"""Metric `pinball`: the mean pinball loss of a quantile, in the target's units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import OutputShape, Params, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


class PinballParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: pinball`."""

    q: Annotated[float, Meta(gt=0, lt=1, description="Which quantile the predictions are of; that of the loss.")] = 0.5


@plugin("metric", "pinball", params=PinballParams)
class PinballMetric:
    """The mean pinball loss of a quantile, in the target's units."""

    tasks: ClassVar[tuple[Task, ...]] = ("regression",)
    goal: ClassVar[Literal["minimize", "maximize"]] = "minimize"

    def __init__(self, params: PinballParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from ymltrain.builtin.metric.pinball_metric import PinballLoss

        del output
        return PinballLoss(self._params.q)
