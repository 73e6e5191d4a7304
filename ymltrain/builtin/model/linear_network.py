"""The network of model `linear`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ymltrain.builtin.model.text_bag import TextBag


class LinearNetwork(nn.Module):
    """`bias + W · numbers + one row of a table per category + one per word over √words`, all zero at the start.

    The problem is convex. `texts` are (words, cardinality) of each text feature.
    """

    def __init__(self, *, numbers: int, cardinalities: Sequence[int], texts: Sequence[tuple[int, int]], width: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(width))
        self.number = nn.Linear(numbers, width, bias=False) if numbers else None
        self.category = nn.ModuleList(nn.Embedding(cardinality, width, padding_idx=0) for cardinality in cardinalities)
        self._lengths = [length for length, _ in texts]
        self.text = nn.ModuleList(TextBag(rows, width) for _, rows in texts)
        for weights in self.parameters():
            nn.init.zeros_(weights)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """`[n, width]` from the encoded features of n rows."""
        terms: list[Tensor] = []
        if self.number is not None:
            terms.append(self.number(inputs["number"]))
        for position, table in enumerate(self.category):
            terms.append(table(inputs["category"][:, position]))
        if self._lengths:
            words = torch.split(inputs["tokens"], self._lengths, dim=1)
            terms += [table(ids) for table, ids in zip(self.text, words, strict=True)]
        return sum(terms, start=self.bias)
