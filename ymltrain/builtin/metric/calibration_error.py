"""Metric `calibration_error`: how far probabilities are from the frequencies of what they stand for, in equal bins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import OutputShape, Params, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


class CalibrationErrorParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: calibration_error`."""

    bins: Annotated[int, Meta(ge=2, description="How many bins the probabilities are sorted into.")] = 15


@plugin("metric", "calibration_error", params=CalibrationErrorParams)
class CalibrationErrorMetric:
    """How far probabilities are from the frequencies they stand for (expected calibration error, equal bins)."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification", "binary", "ordinal")
    goal: ClassVar[Literal["minimize", "maximize"]] = "minimize"

    def __init__(self, params: CalibrationErrorParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        from torchmetrics import classification as of

        if output.task == "binary":
            return of.BinaryCalibrationError(n_bins=self._params.bins)
        return of.MulticlassCalibrationError(num_classes=output.classes, n_bins=self._params.bins)
