"""Metric `precision`: the share of the rows given a class that are of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import OutputShape, Params, Task, plugin
from ymltrain.builtin.metric.averages import AVERAGES

if TYPE_CHECKING:
    import torchmetrics


class PrecisionParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: precision`."""

    average: Annotated[
        Literal["micro", "macro", "weighted"],
        Meta(description=AVERAGES),
    ] = "macro"


@plugin("metric", "precision", params=PrecisionParams)
class PrecisionMetric:
    """The share of the rows given a class that are of it."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification", "binary", "multilabel", "ordinal")
    goal: ClassVar[Literal["minimize", "maximize"]] = "maximize"

    def __init__(self, params: PrecisionParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from torchmetrics import classification as of

        average = self._params.average
        if output.task == "binary":
            return of.BinaryPrecision(threshold=output.threshold)
        if output.task == "multilabel":
            return of.MultilabelPrecision(num_labels=output.width, threshold=output.threshold, average=average)
        return of.MulticlassPrecision(num_classes=output.classes, average=average)
