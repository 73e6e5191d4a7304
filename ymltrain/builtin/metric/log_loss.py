"""Metric `log_loss`: minus the mean log of the probability given to the truth; of several labels their mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ymltrain.api import NoParams, OutputShape, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


@plugin("metric", "log_loss")
class LogLossMetric:
    """Minus the mean log of the probability given to the truth; of several labels their mean."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification", "binary", "multilabel", "ordinal")
    goal: ClassVar[Literal["minimize", "maximize"]] = "minimize"

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from ymltrain.builtin.metric.probability_metrics import LogLoss

        return LogLoss(output)
