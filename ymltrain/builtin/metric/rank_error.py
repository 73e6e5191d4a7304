"""Metric `rank_error`: the mean distance in ranks between the median of the predicted probabilities and the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ymltrain.api import NoParams, OutputShape, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


@plugin("metric", "rank_error")
class RankErrorMetric:
    """The mean distance in ranks between the median of the predicted probabilities and the truth."""

    tasks: ClassVar[tuple[Task, ...]] = ("ordinal",)
    goal: ClassVar[Literal["minimize", "maximize"]] = "minimize"

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from ymltrain.builtin.metric.probability_metrics import RankError

        return RankError(output)
