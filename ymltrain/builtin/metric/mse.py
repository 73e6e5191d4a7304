"""Metric `mse`: the mean squared error, in the target's units squared."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ymltrain.api import NoParams, OutputShape, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


@plugin("metric", "mse")
class MseMetric:
    """The mean squared error."""

    tasks: ClassVar[tuple[Task, ...]] = ("regression",)
    goal: ClassVar[Literal["minimize", "maximize"]] = "minimize"

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from torchmetrics.regression import MeanSquaredError

        del output
        return MeanSquaredError()
