"""Metric `brier`: the mean squared distance between probabilities and truth (Brier 1950); of classes their sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ymltrain.api import NoParams, OutputShape, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


@plugin("metric", "brier")
class BrierMetric:
    """The mean squared distance between probabilities and truth (Brier 1950); of classes their sum."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification", "binary", "multilabel", "ordinal")
    goal: ClassVar[Literal["minimize", "maximize"]] = "minimize"

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from ymltrain.builtin.metric.probability_metrics import BrierScore

        return BrierScore(output)
