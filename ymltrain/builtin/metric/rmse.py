"""Metric `rmse`: the root of the mean squared error, in the target's units."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ymltrain.api import NoParams, OutputShape, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


@plugin("metric", "rmse")
class RmseMetric:
    """The root of the mean squared error."""

    tasks: ClassVar[tuple[Task, ...]] = ("regression",)
    goal: ClassVar[Literal["minimize", "maximize"]] = "minimize"

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from torchmetrics.regression import MeanSquaredError

        del output
        return MeanSquaredError(squared=False)
