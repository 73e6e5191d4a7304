"""Metric `average_precision`: the area under the precision-recall curve, as a step function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import OutputShape, Params, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


class AveragePrecisionParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: average_precision`."""

    average: Annotated[
        Literal["macro", "weighted"],
        Meta(description="`macro` takes the plain mean over classes or labels, each against the rest, `weighted` by their size."),
    ] = "macro"


@plugin("metric", "average_precision", params=AveragePrecisionParams)
class AveragePrecisionMetric:
    """The area under the precision-recall curve, as a step function."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification", "binary", "multilabel")
    goal: ClassVar[Literal["minimize", "maximize"]] = "maximize"

    def __init__(self, params: AveragePrecisionParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from torchmetrics import classification as of

        if output.task == "binary":
            return of.BinaryAveragePrecision()
        if output.task == "multilabel":
            return of.MultilabelAveragePrecision(num_labels=output.width, average=self._params.average)
        return of.MulticlassAveragePrecision(num_classes=output.classes, average=self._params.average)
