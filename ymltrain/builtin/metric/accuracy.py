"""Metric `accuracy`: the share of rows (of labels, where a row has several) that are predicted right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import OutputShape, Params, Task, plugin
from ymltrain.builtin.metric.averages import AVERAGES

if TYPE_CHECKING:
    import torchmetrics


class AccuracyParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: accuracy`."""

    average: Annotated[
        Literal["micro", "macro", "weighted"],
        Meta(description=AVERAGES),
    ] = "micro"


@plugin("metric", "accuracy", params=AccuracyParams)
class AccuracyMetric:
    """The share of rows (of labels, where a row has several) that are predicted right."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification", "binary", "multilabel", "ordinal")
    goal: ClassVar[Literal["minimize", "maximize"]] = "maximize"

    def __init__(self, params: AccuracyParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from torchmetrics import classification as of

        average = self._params.average
        if output.task == "binary":
            return of.BinaryAccuracy(threshold=output.threshold)
        if output.task == "multilabel":
            return of.MultilabelAccuracy(num_labels=output.width, threshold=output.threshold, average=average)
        return of.MulticlassAccuracy(num_classes=output.classes, average=average)
