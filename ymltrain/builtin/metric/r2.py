"""Metric `r2`: the share of the target's variance that is explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ymltrain.api import NoParams, OutputShape, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


@plugin("metric", "r2")
class R2Metric:
    """The share of the target's variance that is explained."""

    tasks: ClassVar[tuple[Task, ...]] = ("regression",)
    goal: ClassVar[Literal["minimize", "maximize"]] = "maximize"

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from torchmetrics.regression import R2Score

        del output
        return R2Score()
