"""Model `transformer`: a decoder that reads a window of tokens and says at each what may come next.

The shape is that of Llama (Touvron et al. 2023): RMSNorm before each part, attention with rotary positions (RoPE, Su et al.
2021) and fewer heads of keys and values than of queries where `kv_heads` says so (GQA, Ainslie et al. 2023), a gated layer
(SwiGLU, Shazeer 2020), no biases. A token sees those before it in its window only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import FeatureShape, OutputShape, Params, Task, TensorShape, plugin

if TYPE_CHECKING:
    import torch

ROUND_HIDDEN_TO = 32


class TransformerParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: transformer`."""

    layers: Annotated[int, Meta(ge=1, description="Blocks of attention and a gated layer.")] = 4
    width: Annotated[int, Meta(ge=2, description="Numbers that stand for a token between blocks; a multiple of `heads`.")] = 128
    heads: Annotated[int, Meta(ge=1, description="Heads of attention; each takes an even part of the width.")] = 4
    kv_heads: (
        Annotated[int, Meta(ge=1, description="Heads of keys and values, shared by those of queries; divides `heads`.")] | None
    ) = None
    hidden: (
        Annotated[int, Meta(ge=1, description="Width of the gated layer; `auto` is 8/3 of the width, rounded up to 32.")]
        | Literal["auto"]
    ) = "auto"
    tie_embeddings: Annotated[
        bool, Meta(description="Read the output with the embedding's weights; small models learn better so.")
    ] = True
    dropout: Annotated[float, Meta(ge=0, lt=1, description="Share zeroed of what each part adds, and of the embedding.")] = 0.0
    rope_theta: Annotated[float, Meta(gt=1, description="The base of the rotary positions' wavelengths.")] = 10_000.0
    norm_eps: Annotated[float, Meta(gt=0, description="What RMSNorm adds to the mean square.")] = 1e-5
    activation_checkpointing: Annotated[
        bool,
        Meta(description="Keep each block's input only and compute the rest again for the backward pass: less memory."),
    ] = False
    compile: Annotated[bool, Meta(description="Compile the blocks with torch.compile while training.")] = False

    def __post_init__(self) -> None:
        """Raise ValueError for heads that cannot share the width or each other."""
        if self.width % self.heads or self.width // self.heads % 2:
            raise ValueError(f"width {self.width} does not give {self.heads} heads an even number of parts each")
        if self.heads % (self.kv_heads or self.heads):
            raise ValueError(f"kv_heads {self.kv_heads} does not divide heads {self.heads}")


@plugin("model", "transformer", params=TransformerParams)
class TransformerModel:
    """A decoder-only transformer."""

    tasks: ClassVar[tuple[Task, ...]] = ("next_token",)

    def __init__(self, params: TransformerParams) -> None:
        self._params = params

    def shapes(self, features: Sequence[FeatureShape], output: OutputShape) -> Sequence[TensorShape]:
        params, width = self._params, self._params.width
        kept = self._kv_heads * (width // params.heads)
        parts = {
            "attention_norm": (width,),
            "attention.queries": (width, width),
            "attention.keys": (kept, width),
            "attention.values": (kept, width),
            "attention.output": (width, width),
            "gated_norm": (width,),
            "gated.gate": (self._hidden, width),
            "gated.up": (self._hidden, width),
            "gated.down": (width, self._hidden),
        }
        shapes = [TensorShape(name="embedding.weight", shape=(features[0].cardinality, width))]
        for layer in range(params.layers):
            shapes += [TensorShape(name=f"layers.{layer}.{part}.weight", shape=shape) for part, shape in parts.items()]
        shapes.append(TensorShape(name="norm.weight", shape=(width,)))
        if not params.tie_embeddings:
            shapes.append(TensorShape(name="head.weight", shape=(output.width, width)))
        return shapes

    def build(self, features: Sequence[FeatureShape], output: OutputShape) -> torch.nn.Module:
        from ymltrain.builtin.model.transformer_network import BlockShape, TransformerNetwork

        params = self._params
        block = BlockShape(
            width=params.width,
            heads=params.heads,
            kv_heads=self._kv_heads,
            hidden=self._hidden,
            dropout=params.dropout,
            norm_eps=params.norm_eps,
            recomputes=params.activation_checkpointing,
            compiles=params.compile,
        )
        head = None if params.tie_embeddings else output.width
        return TransformerNetwork(
            block, layers=params.layers, vocabulary=features[0].cardinality, head=head, theta=params.rope_theta
        )

    @property
    def _kv_heads(self) -> int:
        return self._params.kv_heads or self._params.heads

    @property
    def _hidden(self) -> int:
        if self._params.hidden != "auto":
            return self._params.hidden
        return -(-self._params.width * 8 // 3 // ROUND_HIDDEN_TO) * ROUND_HIDDEN_TO
