"""Metric `recall`: the share of a class's rows that are given it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import Params, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


class RecallParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: recall`."""

    average: Annotated[
        Literal["micro", "macro", "weighted"],
        Meta(description="`macro` takes the plain mean over classes, `weighted` by their size; `micro` counts rows."),
    ] = "macro"


@plugin("metric", "recall", params=RecallParams)
class RecallMetric:
    """The share of a class's rows that are given it."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification",)
    goal: ClassVar[Literal["minimize", "maximize"]] = "maximize"

    def __init__(self, params: RecallParams) -> None:
        self._params = params

    def build(self, classes: int) -> torchmetrics.Metric:
        from torchmetrics.classification import MulticlassRecall

        return MulticlassRecall(num_classes=classes, average=self._params.average)
