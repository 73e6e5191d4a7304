"""Metrics of probabilities that torchmetrics does not have for every task."""

from __future__ import annotations

import torch
from torch import Tensor

from ymltrain.api import OutputShape
from ymltrain.builtin.metric.mean_metric import RowMean

SMALLEST = 1e-15
"""A probability of 0 counts as this one, as scikit-learn has it, so that one row cannot make the mean infinite."""


class _Probabilities(RowMean):
    def __init__(self, output: OutputShape) -> None:
        super().__init__()
        self._output = output

    def _truth(self, target: Tensor) -> Tensor:
        """The truth in the form of the probabilities."""
        if self._output.task in ("binary", "multilabel"):
            return target.double()
        return torch.nn.functional.one_hot(target, self._output.classes).double()


class LogLoss(_Probabilities):
    """Minus the log of the probability given to the truth."""

    def row_values(self, prediction: Tensor, target: Tensor) -> Tensor:
        given = prediction.clamp(SMALLEST, 1 - SMALLEST)
        if self._output.task in ("binary", "multilabel"):
            truth = self._truth(target)
            losses = -(truth * given.log() + (1 - truth) * (1 - given).log())
            return losses if self._output.task == "binary" else losses.mean(dim=1)
        return -given.gather(1, target[:, None]).squeeze(1).log()


class BrierScore(_Probabilities):
    """The squared distance between probabilities and truth."""

    def row_values(self, prediction: Tensor, target: Tensor) -> Tensor:
        squares = (prediction - self._truth(target)) ** 2
        if self._output.task == "binary":
            return squares
        return squares.mean(dim=1) if self._output.task == "multilabel" else squares.sum(dim=1)


class RankError(_Probabilities):
    """The distance between the predicted median and the true rank."""

    def row_values(self, prediction: Tensor, target: Tensor) -> Tensor:
        ranks = (prediction.cumsum(dim=1) < 0.5).sum(dim=1).clamp(max=self._output.classes - 1)
        return (ranks - target).abs().double()
