"""Metric `kappa`: agreement beyond chance (Cohen 1960), mistakes of an ordinal target weighed by their distance squared."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ymltrain.api import NoParams, OutputShape, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


@plugin("metric", "kappa")
class KappaMetric:
    """Agreement beyond chance (Cohen 1960), mistakes of an ordinal target weighed by their distance squared."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification", "binary", "ordinal")
    goal: ClassVar[Literal["minimize", "maximize"]] = "maximize"

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from torchmetrics import classification as of

        if output.task == "binary":
            return of.BinaryCohenKappa(threshold=output.threshold)
        weights: Literal["quadratic"] | None = "quadratic" if output.task == "ordinal" else None
        return of.MulticlassCohenKappa(num_classes=output.classes, weights=weights)
