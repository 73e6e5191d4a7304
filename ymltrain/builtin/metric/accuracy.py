"""Metric `accuracy`: the share of rows whose most probable class is the true one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import Params, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


class AccuracyParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: accuracy`."""

    average: Annotated[
        Literal["micro", "macro", "weighted"],
        Meta(description="`micro` counts rows; `macro` takes the plain mean over classes, `weighted` by their size."),
    ] = "micro"


@plugin("metric", "accuracy", params=AccuracyParams)
class AccuracyMetric:
    """The share of rows whose most probable class is the true one."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification",)
    goal: ClassVar[Literal["minimize", "maximize"]] = "maximize"

    def __init__(self, params: AccuracyParams) -> None:
        self._params = params

    def build(self, classes: int) -> torchmetrics.Metric:
        from torchmetrics.classification import MulticlassAccuracy

        return MulticlassAccuracy(num_classes=classes, average=self._params.average)
