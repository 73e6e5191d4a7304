"""Metric `mape`: the mean absolute error relative to the target (0.1 is 10 %); a target near 0 blows it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ymltrain.api import NoParams, OutputShape, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


@plugin("metric", "mape")
class MapeMetric:
    """The mean absolute error relative to the target."""

    tasks: ClassVar[tuple[Task, ...]] = ("regression",)
    goal: ClassVar[Literal["minimize", "maximize"]] = "minimize"

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from torchmetrics.regression import MeanAbsolutePercentageError

        del output
        return MeanAbsolutePercentageError()
