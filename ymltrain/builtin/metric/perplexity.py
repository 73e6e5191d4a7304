"""Metric `perplexity`: among how many equally probable tokens a model is torn: the exponential of the mean loss of a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ymltrain.api import NoParams, OutputShape, Task, plugin

if TYPE_CHECKING:
    import torchmetrics


@plugin("metric", "perplexity")
class PerplexityMetric:
    """Among how many equally probable tokens a model is torn; comparable for one tokenizer only."""

    tasks: ClassVar[tuple[Task, ...]] = ("next_token",)
    goal: ClassVar[Literal["minimize", "maximize"]] = "minimize"

    def __init__(self, params: NoParams) -> None:
        self._params = params

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        del output
        from ymltrain.builtin.metric.token_metrics import Perplexity

        return Perplexity()
