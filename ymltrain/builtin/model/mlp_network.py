"""The network of model `mlp`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ymltrain.builtin.model.text_bag import TextBag

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU, "tanh": nn.Tanh}


class BatchNorm(nn.BatchNorm1d):
    """BatchNorm1d that takes a batch of one row (an epoch's last may be one) with its running statistics."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  # the name of the overridden argument
        if self.training and input.shape[0] == 1:
            return functional.batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        return super().forward(input)


NORMS: dict[str, type[nn.Module] | None] = {"layer": nn.LayerNorm, "batch": BatchNorm, "none": None}


class MlpNetwork(nn.Module):
    """Embeddings beside the numbers, then Linear-norm-activation-dropout for each hidden width, then Linear.

    `embeddings` are (rows, columns) of each category's, `texts` (words, rows, columns) of each text's; the words of a text
    become one vector.
    """

    def __init__(  # noqa: PLR0913 - all are keywords, each a fact of its own
        self,
        *,
        embeddings: Sequence[tuple[int, int]],
        texts: Sequence[tuple[int, int, int]],
        widths: Sequence[int],
        dropout: float,
        activation: str,
        norm: str,
    ) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(rows, columns, padding_idx=0) for rows, columns in embeddings)
        self._lengths = [length for length, _, _ in texts]
        self.texts = nn.ModuleList(TextBag(rows, columns) for _, rows, columns in texts)
        layers: list[nn.Module] = []
        norm_type = NORMS[norm]
        for inputs, outputs in pairwise(widths[:-1]):
            layers.append(nn.Linear(inputs, outputs))
            if norm_type is not None:
                layers.append(norm_type(outputs))
            layers += [ACTIVATIONS[activation](), nn.Dropout(dropout)]
        layers.append(nn.Linear(widths[-2], widths[-1]))
        self.layers = nn.Sequential(*layers)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """`[n, width]` from the encoded features of n rows."""
        columns = [inputs["number"]] if "number" in inputs else []
        for position, embedding in enumerate(self.embeddings):
            columns.append(embedding(inputs["category"][:, position]))
        if self._lengths:
            words = torch.split(inputs["tokens"], self._lengths, dim=1)
            columns += [bag(ids) for bag, ids in zip(self.texts, words, strict=True)]
        output: Tensor = self.layers(columns[0] if len(columns) == 1 else torch.cat(columns, dim=1))
        return output
