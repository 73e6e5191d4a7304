"""Metric `f1`: the harmonic mean of precision and recall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import OutputShape, Params, Task, plugin
from ymltrain.builtin.metric.averages import AVERAGES

if TYPE_CHECKING:
    import torchmetrics


class F1Params(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: f1`."""

    average: Annotated[
        Literal["micro", "macro", "weighted"],
        Meta(description=AVERAGES),
    ] = "macro"


@plugin("metric", "f1", params=F1Params)
class F1Metric:
    """The harmonic mean of precision and recall."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification", "binary", "multilabel", "ordinal")
    goal: ClassVar[Literal["minimize", "maximize"]] = "maximize"

    def __init__(self, params: F1Params) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from torchmetrics import classification as of

        average = self._params.average
        if output.task == "binary":
            return of.BinaryF1Score(threshold=output.threshold)
        if output.task == "multilabel":
            return of.MultilabelF1Score(num_labels=output.width, threshold=output.threshold, average=average)
        return of.MulticlassF1Score(num_classes=output.classes, average=average)
