"""Metric `auc`: the area under the ROC curve: how often a row of a class is ranked above one of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import OutputShape, Params, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


class AucParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: auc`."""

    average: Annotated[
        Literal["macro", "weighted"],
        Meta(description="`macro` takes the plain mean over classes or labels, each against the rest, `weighted` by their size."),
    ] = "macro"


@plugin("metric", "auc", params=AucParams)
class AucMetric:
    """The area under the ROC curve: how often a row of a class is ranked above one of another."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification", "binary", "multilabel")
    goal: ClassVar[Literal["minimize", "maximize"]] = "maximize"

    def __init__(self, params: AucParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from torchmetrics import classification as of

        if output.task == "binary":
            return of.BinaryAUROC()
        if output.task == "multilabel":
            return of.MultilabelAUROC(num_labels=output.width, average=self._params.average)
        return of.MulticlassAUROC(num_classes=output.classes, average=self._params.average)
