"""Metric `mae`: the mean absolute error, in the target's units."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ymltrain.api import NoParams, OutputShape, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


@plugin("metric", "mae")
class MaeMetric:
    """The mean absolute error."""

    tasks: ClassVar[tuple[Task, ...]] = ("regression",)
    goal: ClassVar[Literal["minimize", "maximize"]] = "minimize"

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from torchmetrics.regression import MeanAbsoluteError

        del output
        return MeanAbsoluteError()
