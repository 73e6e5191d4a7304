"""A metric that is a mean over rows, gathered batch by batch in float64."""

from __future__ import annotations

import torch
import torchmetrics
from torch import Tensor


class RowMean(torchmetrics.Metric):
    """Subclasses say what a row's value is."""

    full_state_update = False
    total: Tensor
    rows: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", default=torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("rows", default=torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")

    def row_values(self, prediction: Tensor, target: Tensor) -> Tensor:
        """`[n]`."""
        raise NotImplementedError

    def update(self, prediction: Tensor, target: Tensor) -> None:
        self.total += self.row_values(prediction.double(), target).sum()
        self.rows += len(target)

    def compute(self) -> Tensor:
        return self.total / self.rows
