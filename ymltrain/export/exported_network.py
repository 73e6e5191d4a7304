"""The modules that are exported: raw and encoded features in, or tokens; outputs and what they mean out."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from ymltrain.bundle.predictor import Predictor
from ymltrain.bundle.text_predictor import TextPredictor
from ymltrain.export.decoding_graph import Decoding
from ymltrain.export.encoding_graph import NumberColumns
from ymltrain.export.layout import Layout


class ExportedNetwork(nn.Module):
    """A bundle's network between the encoding of raw numbers and the decoding of its outputs."""

    def __init__(self, predictor: Predictor, layout: Layout) -> None:
        super().__init__()
        self._names = tuple(layout.widths)
        has_numbers = {"raw", "number"} & set(self._names)
        self.numbers = NumberColumns(layout) if has_numbers else None
        self.network = _without_bags(copy.deepcopy(predictor.network))
        self.decoding = Decoding(predictor.contract.target.state)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """From the layout's inputs in its order."""
        given = dict(zip(self._names, inputs, strict=True))
        encoded: dict[str, Tensor] = {name: given[name] for name in self._names if name in ("category", "tokens")}
        if self.numbers is not None:
            encoded["number"] = self.numbers(given.get("raw"), given.get("number"))
        output = self.network(encoded)
        results: tuple[Tensor, ...] = self.decoding(output.to(torch.float32))
        return results


class ExportedLanguageModel(nn.Module):
    """A bundle's network, and the choice of the token that most probably follows each."""

    def __init__(self, predictor: TextPredictor) -> None:
        super().__init__()
        self.network = copy.deepcopy(predictor.network).eval()
        self._learned = len(predictor.target.tokenizer.byte_counts)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """`[n, tokens]` to logits `[n, tokens, vocabulary]` and ids `[n, tokens]`; no token that was not learned is chosen."""
        logits = self.network({"tokens": tokens}).to(torch.float32)
        return logits, logits[:, :, : self._learned].argmax(dim=2)


class PooledRows(nn.Module):
    """What `nn.EmbeddingBag` in mode `mean` or `sum` gives for a matrix of ids, in operations that every format knows."""

    def __init__(self, bag: nn.EmbeddingBag) -> None:
        super().__init__()
        self.weight = bag.weight
        self.padding_idx = bag.padding_idx
        self.is_mean = bag.mode == "mean"

    def forward(self, ids: Tensor) -> Tensor:
        """`[n, dim]` from `[n, words]`."""
        rows = nn.functional.embedding(ids, self.weight)
        counts = torch.ones_like(ids) if self.padding_idx is None else (ids != self.padding_idx)
        known = counts.to(rows.dtype)
        total = (rows * known.unsqueeze(2)).sum(dim=1)
        return total / known.sum(dim=1, keepdim=True).clamp(min=1) if self.is_mean else total


def _without_bags(network: nn.Module) -> nn.Module:
    """The network with its bags of embeddings, which ONNX has no operation for, written out."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.EmbeddingBag) and child.mode in ("mean", "sum") and child.max_norm is None:
                setattr(parent, name, PooledRows(child))
    return network.eval()
