"""The network of model `transformer`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

INITIAL_STD = 0.02


@dataclass(frozen=True)
class BlockShape:
    """What all blocks have in common."""

    width: int
    heads: int
    kv_heads: int
    hidden: int
    dropout: float
    norm_eps: float
    recomputes: bool
    compiles: bool


class Rotation(NamedTuple):
    """Cosine and sine of each position's angles, float32 `[tokens, width of a head]`."""

    cos: Tensor
    sin: Tensor

    @classmethod
    def of(cls, tokens: int, head_width: int, theta: float, device: torch.device) -> Rotation:
        """The angles of so many positions: made anew in each pass, since a kept one would lose its bits to a lower precision."""
        exponents = torch.arange(0, head_width, 2, device=device, dtype=torch.float32) / head_width
        angles = torch.outer(torch.arange(tokens, device=device, dtype=torch.float32), theta**-exponents)
        angles = torch.cat([angles, angles], dim=-1)
        return cls(angles.cos(), angles.sin())

    def turn(self, heads: Tensor) -> Tensor:
        """`[n, heads, tokens, width of a head]` turned by each token's angles; the first half pairs with the second."""
        wide = heads.float() if heads.dtype != torch.float64 else heads
        first, second = wide.chunk(2, dim=-1)
        turned = wide * self.cos + torch.cat([-second, first], dim=-1) * self.sin
        return turned.to(heads.dtype)


class Attention(nn.Module):
    """Causal self-attention whose heads of queries share heads of keys and values."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        self._heads, self._kv_heads = shape.heads, shape.kv_heads
        kept = shape.kv_heads * (shape.width // shape.heads)
        self.queries = nn.Linear(shape.width, shape.width, bias=False)
        self.keys = nn.Linear(shape.width, kept, bias=False)
        self.values = nn.Linear(shape.width, kept, bias=False)
        self.output = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, tokens: Tensor, rotation: Rotation) -> Tensor:
        """`[n, tokens, width]` to the same."""
        queries = rotation.turn(_split(self.queries(tokens), self._heads))
        keys = rotation.turn(_split(self.keys(tokens), self._kv_heads))
        values = _split(self.values(tokens), self._kv_heads)
        shared = self._heads // self._kv_heads
        if shared > 1:  # written out: not every device's fast kernel shares heads itself
            keys, values = keys.repeat_interleave(shared, dim=1), values.repeat_interleave(shared, dim=1)
        mixed = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        joined: Tensor = self.output(mixed.transpose(1, 2).flatten(2))
        return joined


class Gated(nn.Module):
    """A layer gated by SiLU."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        self.gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """`[n, tokens, width]` to the same."""
        result: Tensor = self.down(functional.silu(self.gate(tokens)) * self.up(tokens))
        return result


class Block(nn.Module):
    """Attention, then a gated layer, each added to what it was given."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(shape.width, shape.norm_eps)
        self.attention = Attention(shape)
        self.gated_norm = nn.RMSNorm(shape.width, shape.norm_eps)
        self.gated = Gated(shape)
        self.dropout = nn.Dropout(shape.dropout)
        self._recomputes = shape.recomputes
        # a function and no module, so that the weights keep their names
        self._compiled: Callable[..., Tensor] | None = torch.compile(self._pass) if shape.compiles else None

    def forward(self, tokens: Tensor, rotation: Rotation) -> Tensor:
        """`[n, tokens, width]` to the same."""
        run = self._compiled if self._compiled is not None and self.training else self._pass
        if self._recomputes and self.training and torch.is_grad_enabled():
            again: Tensor = checkpoint(run, tokens, rotation, use_reentrant=False)
            return again
        return run(tokens, rotation)

    def _pass(self, tokens: Tensor, rotation: Rotation) -> Tensor:
        tokens = tokens + self.dropout(self.attention(self.attention_norm(tokens), rotation))
        result: Tensor = tokens + self.dropout(self.gated(self.gated_norm(tokens)))
        return result


class TransformerNetwork(nn.Module):
    """Embedding, blocks, norm, and an output read with weights of its own (`head`: their rows) or with the embedding's."""

    def __init__(self, block: BlockShape, *, layers: int, vocabulary: int, head: int | None, theta: float) -> None:
        super().__init__()
        self._head_width, self._theta = block.width // block.heads, theta
        self.embedding = nn.Embedding(vocabulary, block.width)
        self.dropout = nn.Dropout(block.dropout)
        self.layers = nn.ModuleList(Block(block) for _ in range(layers))
        self.norm = nn.RMSNorm(block.width, block.norm_eps)
        self.head = nn.Linear(block.width, head, bias=False) if head is not None else None
        self._initialise(layers)

    @property
    def shard_units(self) -> list[nn.Module]:
        """What FSDP gathers and frees as a whole; embedding and head stay with the root, whose weights tied ones are."""
        return list(self.layers)

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """`[n, tokens, vocabulary]` logits of what follows each token of `inputs["tokens"]`, `[n, tokens]`."""
        ids = inputs["tokens"]
        tokens: Tensor = self.dropout(self.embedding(ids))
        rotation = Rotation.of(ids.shape[1], self._head_width, self._theta, ids.device)
        for layer in self.layers:
            tokens = layer(tokens, rotation)
        tokens = self.norm(tokens)
        logits: Tensor = functional.linear(tokens, self.embedding.weight) if self.head is None else self.head(tokens)
        return logits

    def _initialise(self, layers: int) -> None:
        """Small normal weights; those of what is added to the residual smaller the more there are of them (GPT-2)."""
        for name, weight in self.named_parameters():
            if weight.dim() > 1:
                is_added = name.endswith(("attention.output.weight", "gated.down.weight"))
                nn.init.normal_(weight, std=INITIAL_STD / math.sqrt(2 * layers) if is_added else INITIAL_STD)


def _split(tokens: Tensor, heads: int) -> Tensor:
    """`[n, tokens, width]` to `[n, heads, tokens, width of a head]`."""
    windows, length, width = tokens.shape
    return tokens.view(windows, length, heads, width // heads).transpose(1, 2)
