"""One exact pass over a split: the loss on the encoded scale, the metrics in the user's own units.

Every row counts once whatever the batch size, and of texts every token. Outputs are decoded to float64, and metrics are
computed in float64 on the CPU; the loss is the mean over rows, weighted where rows have weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ymltrain.data.loader import TensorSplit, total_weight
from ymltrain.data.log_probabilities import log_probabilities
from ymltrain.data.ranks import ALONE, Ranks
from ymltrain.diagnostics import RunError
from ymltrain.kinds.contracts import Metric
from ymltrain.plan.shapes import NO_TOKEN, OutputShape

LossFunction = Callable[[Tensor, Tensor], Tensor]
LARGEST_OUTPUT = 1 << 24
"""How many numbers a network may give at once; a window of tokens has as many for each as there are tokens to choose from."""


class TargetDecoder(Protocol):
    """What the target's encoding learned, to read outputs in the user's units."""

    @property
    def output(self) -> OutputShape: ...

    def decode(self, output: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Of outputs `[n, width]`: numbers or probabilities, `[n]` or `[n, classes or labels]`.

        Of tokens: the log of the probability that each was given, `[n]`.
        """
        ...

    def truth(self, target: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Of an encoded target: float64 numbers, or int64 of labels; of tokens the bytes that each stands for."""
        ...


@dataclass(frozen=True)
class Measures:
    """What a network is measured by: the loss, the metrics by name, how its outputs are read, and who shares the work."""

    loss: LossFunction
    metrics: Mapping[str, Metric]
    target: TargetDecoder
    ranks: Ranks = ALONE


def evaluate(  # noqa: PLR0913 - what, by what and how it is gone through, all named
    network: nn.Module,
    split: TensorSplit,
    measures: Measures,
    *,
    batch_rows: int,
    context: Callable[[], AbstractContextManager[Any]] = nullcontext,
    observe: Callable[[Tensor, Tensor], None] | None = None,
) -> dict[str, float]:
    """`loss` and every metric of a network on a split, by name.

    Several ranks share the network's work; each then measures what came of all rows, so that the values are those
    of one process.
    `context` surrounds each forward pass (mixed precision), `observe` hears predictions and truth of each batch as metrics
    do. Raises RunError when a metric cannot be computed.
    """
    built = {name: metric.build(measures.target.output).set_dtype(torch.float64) for name, metric in measures.metrics.items()}
    for metric in built.values():
        metric.sync_on_compute = False  # each rank has seen every row
    loss_sum = weight_sum = 0.0
    batch_rows = min(batch_rows, max(measures.ranks.world, LARGEST_OUTPUT // _numbers_per_row(split, measures.target.output)))
    with _evaluating(network), torch.inference_mode() if measures.ranks.world == 1 else torch.no_grad():
        for start in range(0, split.rows, batch_rows):
            batch = split.part(start, start + batch_rows)
            losses, output = _measured(network, split, (start, len(batch.target)), context, measures)
            loss_sum += float(weighted(losses, batch.weight).cpu().double().sum())
            weight_sum += total_weight(batch)
            predicted, true = _decoded(output, batch.target, measures.target)
            if observe is not None:
                observe(predicted, true)
            for name, metric in built.items():
                with _named(name):
                    metric.update(predicted, true)
        loss = loss_sum / weight_sum if weight_sum else math.nan
        return {"loss": loss} | {name: _compute(name, metric) for name, metric in built.items()}


def _numbers_per_row(split: TensorSplit, output: OutputShape) -> int:
    return output.width * (split.all.target.shape[1] if output.task == "next_token" else 1)


def _measured(
    network: nn.Module,
    split: TensorSplit,
    stretch: tuple[int, int],
    context: Callable[[], AbstractContextManager[Any]],
    measures: Measures,
) -> tuple[Tensor, Tensor]:
    """The losses of a stretch of rows (its first, and how many) and what metrics need of the outputs, each by one rank."""
    start, rows = stretch
    first, last = measures.ranks.share(rows)
    is_idle = first == last  # a sharded network needs every rank in each forward pass
    mine = split.part(start + first, start + (first + 1 if is_idle else last))
    with context():
        output = full_precision(network(mine.inputs))
    losses = measures.loss(output, mine.target)
    if measures.target.output.task == "next_token":
        output = log_probabilities(output, mine.target)
    kept = slice(0, 0) if is_idle else slice(None)
    return measures.ranks.rows_of_all(losses[kept], rows), measures.ranks.rows_of_all(output[kept], rows)


def full_precision(output: Tensor) -> Tensor:
    """The output as losses take it: float64 of a float64 network, else float32."""
    return output if output.dtype == torch.float64 else output.float()


def weighted(losses: Tensor, weight: Tensor | None) -> Tensor:
    """Row losses times the rows' weights; rows weigh 1 where there are none."""
    return losses if weight is None else losses * weight


def _decoded(output: Tensor, target: Tensor, decoder: TargetDecoder) -> tuple[Tensor, Tensor]:
    if decoder.output.task == "next_token":
        is_token = target != NO_TOKEN
        output, target = output[is_token], target[is_token]
    return (
        torch.from_numpy(decoder.decode(output.cpu().numpy())),
        torch.from_numpy(decoder.truth(target.cpu().numpy())),
    )


def _compute(name: str, metric: Any) -> float:
    with _named(name):
        return float(metric.compute())


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Say which metric failed: torchmetrics refuses some data (r2 of a single row) with a ValueError."""
    try:
        yield
    except ValueError as error:
        raise RunError(
            "YT906",
            f"metric {name} cannot be computed: {error}",
            "give the split more rows, or take the metric out of `metrics`",
        ) from error


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    """Evaluation mode, and afterwards each module's own mode again."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, is_training in modes:
            module.training = is_training
