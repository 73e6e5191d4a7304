"""Outputs of a network as torch operations to what they mean: a number, probabilities, a decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ymltrain.plan.shapes import Task

RESULTS: Mapping[Task, tuple[str, ...]] = {
    "regression": ("output", "value"),
    "classification": ("output", "probabilities", "decision"),
    "binary": ("output", "probabilities", "decision"),
    "multilabel": ("output", "probabilities", "decision"),
    "ordinal": ("output", "probabilities", "decision"),
    "next_token": ("output", "following"),
}
"""What a program gives, by task."""


class Decoding(nn.Module):
    """`(output, value)` of a number, `(output, probabilities, decision)` of labels; computed in float64."""

    scale: Tensor
    shift: Tensor
    threshold: Tensor

    def __init__(self, state: Mapping[str, Any]) -> None:
        super().__init__()
        self._task: Task = state["task"]
        self._transform = state.get("transform")
        for name, value in (("scale", state.get("std")), ("shift", state.get("mean")), ("threshold", state.get("threshold"))):
            if value is not None:  # as tensors: ONNX would hold plain numbers in float32
                self.register_buffer(name, torch.tensor([value], dtype=torch.float64))

    def forward(self, output: Tensor) -> tuple[Tensor, ...]:
        """From `[n, width]`."""
        exact = output.to(torch.float64)
        match self._task:
            case "regression":
                return output, self._number(exact[:, 0] * self.scale + self.shift)
            case "classification":
                return output, torch.softmax(exact, dim=1), torch.argmax(output, dim=1)
            case "ordinal":
                return output, *_ordinal(exact)
        probabilities = torch.sigmoid(exact)
        decision = (probabilities >= self.threshold).to(torch.int64)
        if self._task == "binary":
            return output, probabilities[:, 0], decision[:, 0]
        return output, probabilities, decision

    def _number(self, scaled: Tensor) -> Tensor:
        match self._transform:
            case "log":
                return torch.exp(scaled)
            case "log1p":
                return torch.exp(scaled) - 1
        return scaled


def _ordinal(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities of each class and the median class, from the logits of being at least each but the lowest."""
    at_least = [torch.sigmoid(logits[:, 0])]
    for threshold in range(1, logits.shape[1]):
        at_least.append(torch.minimum(at_least[-1], torch.sigmoid(logits[:, threshold])))
    edges = torch.stack([torch.ones_like(at_least[0]), *at_least, torch.zeros_like(at_least[0])], dim=1)
    probabilities = edges[:, :-1] - edges[:, 1:]
    ranks = (torch.cumsum(probabilities, dim=1) < 0.5).to(torch.int64).sum(dim=1)
    return probabilities, ranks.clamp(max=logits.shape[1])
