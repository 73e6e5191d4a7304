"""How wide the embedding of a category or a word is."""

from __future__ import annotations

import math
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

EmbeddingDim: TypeAlias = (
    Annotated[int, Meta(ge=1, description="Width of each category's embedding; `auto` grows slowly with its cardinality.")]
    | Literal["auto"]
)

WIDEST_AUTO_EMBEDDING = 64


def embedding_dim(chosen: int | Literal["auto"], cardinality: int) -> int:
    """The param, or for `auto` fastai's rule of thumb: 1.6 times the cardinality to the power 0.56."""
    if chosen != "auto":
        return chosen
    return max(1, min(WIDEST_AUTO_EMBEDDING, round(1.6 * math.pow(cardinality, 0.56))))
