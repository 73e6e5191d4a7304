"""The network of model `tabular`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from ymltrain.api import OutputShape
from ymltrain.builtin.model.text_bag import TextBag


@dataclass(frozen=True)
class Inputs:
    """What comes in: how many numbers and how each is embedded, and rows and columns of each category's and text's embedding."""

    numbers: int
    number_dim: int
    pieces: int
    categories: Sequence[tuple[int, int]]
    texts: Sequence[tuple[int, int]]
    text_lengths: Sequence[int]

    @property
    def width(self) -> int:
        """The columns that all features together become."""
        return (self.number_dim or 1) * self.numbers + sum(columns for _, columns in (*self.categories, *self.texts))


class PiecewiseLinear(nn.Module):
    """Each number as a vector that bends at the quantiles of a normal distribution: `[n, numbers]` to `[n, numbers * width]`.

    It starts as a linear function of the number (Gorishniy et al., ICLR 2025, initialise it so); how it bends is learned.
    Beyond the outer quantiles it goes on as it was.
    """

    low: Tensor
    size: Tensor

    def __init__(self, numbers: int, width: int, pieces: int) -> None:
        super().__init__()
        inner = torch.special.ndtri(torch.linspace(0, 1, pieces + 1, dtype=torch.float64)[1:-1])
        first, last = (inner[1] - inner[0], inner[-1] - inner[-2]) if pieces > 2 else (torch.tensor(1.0),) * 2
        edges = torch.cat([inner[:1] - first, inner, inner[-1:] + last])
        self.register_buffer("low", edges[:-1].float())
        self.register_buffer("size", edges.diff().float())
        self.weight = nn.Parameter(torch.empty(numbers, width).uniform_(-1, 1))
        self.bias = nn.Parameter(torch.empty(numbers, width).uniform_(-1, 1))
        self.pieces = nn.Parameter(torch.zeros(numbers, pieces, width))

    def forward(self, numbers: Tensor) -> Tensor:
        column = numbers.unsqueeze(2)
        place = (column - self.low) / self.size
        place = torch.cat([place[..., :1].clamp(max=1), place[..., 1:-1].clamp(0, 1), place[..., -1:].clamp(min=0)], dim=2)
        bent = torch.einsum("nft,ftd->nfd", place, self.pieces)
        return (column * self.weight + self.bias + bent).flatten(1)


class ByteDropout(nn.Module):
    """Dropout that draws a byte for each value, so its share is a multiple of 1/256: torch's draw took a third of a step here."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self._zeroed = round(256 * share)

    def forward(self, values: Tensor) -> Tensor:
        if not (self.training and self._zeroed):
            return values
        count = values.numel()
        drawn = torch.empty(-(-count // 8), dtype=torch.int64, device=values.device).random_(-(2**63), None)
        is_zeroed = drawn.view(torch.uint8)[:count].view(values.shape) < self._zeroed
        return values.masked_fill(is_zeroed, 0.0) * (256 / (256 - self._zeroed))


class TabularNetwork(nn.Module):
    """Embeddings, a first layer, for each member a scale of its outputs, shared further layers, and for each member a head."""

    def __init__(self, inputs: Inputs, output: OutputShape, *, members: int, hidden: Sequence[int], dropout: float) -> None:
        super().__init__()
        self._task = output.task
        self._lengths = list(inputs.text_lengths)
        self.numbers = (
            PiecewiseLinear(inputs.numbers, inputs.number_dim, inputs.pieces) if inputs.numbers and inputs.number_dim else None
        )
        self.categories = nn.ModuleList(nn.Embedding(rows, columns, padding_idx=0) for rows, columns in inputs.categories)
        self.texts = nn.ModuleList(TextBag(rows, columns) for rows, columns in inputs.texts)
        self.hidden = nn.ModuleList(nn.Linear(wide, narrow) for wide, narrow in pairwise((inputs.width, *hidden)))
        self.scale = nn.Parameter(torch.randint(0, 2, (members, hidden[0])).float() * 2 - 1)
        self.dropout = ByteDropout(dropout)
        bound = 1 / sqrt(hidden[-1])
        self.heads = nn.Parameter(torch.empty(members, hidden[-1], output.width).uniform_(-bound, bound))
        self.heads_bias = nn.Parameter(torch.empty(members, output.width).uniform_(-bound, bound))

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Each member's output `[n, members, width]` while it trains, in evaluation the one of them all `[n, width]`."""
        first, *further = self.hidden
        rows = self.dropout(functional.relu(first(self._embedded(inputs))).unsqueeze(1) * self.scale)
        for layer in further:
            rows = self.dropout(functional.relu(layer(rows)))
        outputs = torch.einsum("nkd,kdo->nko", rows, self.heads) + self.heads_bias
        return outputs if self.training else self._averaged(outputs)

    def _embedded(self, inputs: dict[str, Tensor]) -> Tensor:
        columns = []
        if "number" in inputs:
            columns.append(inputs["number"] if self.numbers is None else self.numbers(inputs["number"]))
        for position, embedding in enumerate(self.categories):
            columns.append(embedding(inputs["category"][:, position]))
        if self._lengths:
            words = torch.split(inputs["tokens"], self._lengths, dim=1)
            columns += [bag(ids) for bag, ids in zip(self.texts, words, strict=True)]
        return torch.cat(columns, dim=1)

    def _averaged(self, outputs: Tensor) -> Tensor:
        """The mean of numbers; of logits those of the mean probabilities."""
        if self._task == "regression":
            return outputs.mean(dim=1)
        if self._task == "classification":
            return functional.log_softmax(outputs, dim=2).logsumexp(dim=1) - log(outputs.shape[1])
        yes, no = functional.logsigmoid(outputs).logsumexp(dim=1), functional.logsigmoid(-outputs).logsumexp(dim=1)
        return yes - no
