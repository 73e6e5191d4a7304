"""Metric `f1`: the harmonic mean of precision and recall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import Params, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


class F1Params(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: f1`."""

    average: Annotated[
        Literal["micro", "macro", "weighted"],
        Meta(description="`macro` takes the plain mean over classes, `weighted` by their size; `micro` counts rows."),
    ] = "macro"


@plugin("metric", "f1", params=F1Params)
class F1Metric:
    """The harmonic mean of precision and recall."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification",)
    goal: ClassVar[Literal["minimize", "maximize"]] = "maximize"

    def __init__(self, params: F1Params) -> None:
        self._params = params

    def build(self, classes: int) -> torchmetrics.Metric:
        from torchmetrics.classification import MulticlassF1Score

        return MulticlassF1Score(num_classes=classes, average=self._params.average)
