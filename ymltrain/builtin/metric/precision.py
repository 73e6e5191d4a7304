"""Metric `precision`: the share of the rows given a class that are of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import Params, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


class PrecisionParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: precision`."""

    average: Annotated[
        Literal["micro", "macro", "weighted"],
        Meta(description="`macro` takes the plain mean over classes, `weighted` by their size; `micro` counts rows."),
    ] = "macro"


@plugin("metric", "precision", params=PrecisionParams)
class PrecisionMetric:
    """The share of the rows given a class that are of it."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification",)
    goal: ClassVar[Literal["minimize", "maximize"]] = "maximize"

    def __init__(self, params: PrecisionParams) -> None:
        self._params = params

    def build(self, classes: int) -> torchmetrics.Metric:
        from torchmetrics.classification import MulticlassPrecision

        return MulticlassPrecision(num_classes=classes, average=self._params.average)
