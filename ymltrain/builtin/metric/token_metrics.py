"""Metrics of the probabilities that tokens of text were given."""

from __future__ import annotations

import math

import torch
import torchmetrics
from torch import Tensor


class _Surprise(torchmetrics.Metric):
    """Gathers the nats, the tokens and the bytes."""

    full_state_update = False
    nats: Tensor
    tokens: Tensor
    bytes: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("nats", "tokens", "bytes"):
            self.add_state(name, default=torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, log_probability: Tensor, byte_counts: Tensor) -> None:
        self.nats -= log_probability.double().sum()
        self.tokens += len(byte_counts)
        self.bytes += byte_counts.sum()


class BitsPerByte(_Surprise):
    """What the text takes in bits, by its bytes."""

    def compute(self) -> Tensor:
        return self.nats / math.log(2) / self.bytes


class Perplexity(_Surprise):
    """The exponential of the nats that a token takes."""

    def compute(self) -> Tensor:
        return (self.nats / self.tokens).exp()
