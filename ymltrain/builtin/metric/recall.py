"""Metric `recall`: the share of a class's rows that are given it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import OutputShape, Params, Task, plugin
from ymltrain.builtin.metric.averages import AVERAGES

if TYPE_CHECKING:
    import torchmetrics


class RecallParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: recall`."""

    average: Annotated[
        Literal["micro", "macro", "weighted"],
        Meta(description=AVERAGES),
    ] = "macro"


@plugin("metric", "recall", params=RecallParams)
class RecallMetric:
    """The share of a class's rows that are given it."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification", "binary", "multilabel", "ordinal")
    goal: ClassVar[Literal["minimize", "maximize"]] = "maximize"

    def __init__(self, params: RecallParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from torchmetrics import classification as of

        average = self._params.average
        if output.task == "binary":
            return of.BinaryRecall(threshold=output.threshold)
        if output.task == "multilabel":
            return of.MultilabelRecall(num_labels=output.width, threshold=output.threshold, average=average)
        return of.MulticlassRecall(num_classes=output.classes, average=average)
