"""Metric `bits_per_byte`: how many bits a byte of text takes: minus the log2 of its tokens' probabilities, over its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ymltrain.api import NoParams, OutputShape, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


@plugin("metric", "bits_per_byte")
class BitsPerByteMetric:
    """How many bits a byte of text takes; comparable between tokenizers, and with compressors."""

    tasks: ClassVar[tuple[Task, ...]] = ("next_token",)
    goal: ClassVar[Literal["minimize", "maximize"]] = "minimize"

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        del output
        from ymltrain.builtin.metric.token_metrics import BitsPerByte

        return BitsPerByte()
