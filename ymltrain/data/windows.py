"""Texts in tokens as windows of one length.

The texts of a split make one stream in the order of the table, an end before, between and after them. It is cut into windows
of `context` tokens, each with the tokens that follow: so every token but the first end is predicted exactly once, and no window
holds tokens of two splits. The last window of a split may end early; a row's weight is the number of its tokens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.cache import Allocate
from ymltrain.data.tokenizer import END, Ids
from ymltrain.plan.plan import TextSpec
from ymltrain.plan.shapes import NO_TOKEN


def count_windows(spec: TextSpec, sample: pl.Series, rows: int) -> int:
    """About how many windows so many rows of texts like these make, before a tokenizer is learned.

    A token of bpe stands for about as many bytes as English has shown: 2.1 of 512 tokens, 2.9 of 1,024, 4.2 of 4,096.
    """
    texts = sample.cast(pl.String).drop_nulls()
    each = 1.0 if spec.tokenizer == "byte" else min(4.5, 1.3 + 0.75 * math.log2(spec.vocabulary / 256))
    tokens = float((texts.str.len_bytes() / each + 1).sum()) * rows / max(1, sample.len())
    return math.ceil(tokens / spec.context)


class TokenStream:
    """The texts of one split, gathered one by one: 4 bytes a token."""

    def __init__(self) -> None:
        self.texts: list[Ids] = []

    @property
    def tokens(self) -> int:
        """How many tokens are predicted: those of all texts, and their ends."""
        return sum(len(ids) + 1 for ids in self.texts)

    def windows(self, context: int, allocate: Allocate) -> dict[str, npt.NDArray[Any]]:
        """`tokens` and `target` int32 `[windows, context]`, `weight` float32 `[windows]`."""
        return cut_windows(self.texts, context, allocate)


def cut_windows(texts: Sequence[Ids], context: int, allocate: Allocate) -> dict[str, npt.NDArray[Any]]:
    """As `TokenStream.windows`, of some texts."""
    total = sum(len(ids) + 1 for ids in texts)
    windows = -(-total // context)
    tokens = allocate("tokens", (windows, context), np.int32)
    target = allocate("target", (windows, context), np.int32)
    seen, following = tokens.reshape(-1), target.reshape(-1)
    seen[:1] = END
    place = 0
    for ids in texts:
        end = place + len(ids)
        following[place:end] = ids
        following[end] = END
        seen[place + 1 : end + 1] = ids
        seen[end + 1 : end + 2] = END
        place = end + 1
    seen[total:] = END
    following[total:] = NO_TOKEN
    weight = allocate("weight", (windows,), np.float32)
    weight[:] = context
    weight[-1:] = total - (windows - 1) * context
    return {"tokens": tokens, "target": target, "weight": weight}
