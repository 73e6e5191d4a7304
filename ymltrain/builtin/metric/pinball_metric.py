"""The metric of `pinball`."""

from __future__ import annotations

import torch
from torch import Tensor

from ymltrain.builtin.metric.mean_metric import RowMean


class PinballLoss(RowMean):
    """Errors below the truth weigh `q`, those above it 1 - `q`."""

    def __init__(self, q: float) -> None:
        super().__init__()
        self._q = q

    def row_values(self, prediction: Tensor, target: Tensor) -> Tensor:
        below = target - prediction
        return torch.maximum(self._q * below, (self._q - 1) * below)
