"""Shapes that pass between data, models and losses, without torch."""

from __future__ import annotations

from math import prod
from typing import Literal

import msgspec

Task = Literal["regression", "classification"]
EncodedKind = Literal["number", "category"]


class FeatureShape(msgspec.Struct, frozen=True, kw_only=True):
    """One encoded feature.

    `number`: `width` float32 columns. `category`: one int32 id in `[0, cardinality)`, where 0 stands
    for a value never seen in training.
    """

    name: str
    kind: EncodedKind
    width: int = 1
    cardinality: int = 0


class OutputShape(msgspec.Struct, frozen=True, kw_only=True):
    """What a network must return for a batch of n rows: a float tensor `[n, width]`.

    `regression`: width 1, the target on its encoded scale. `classification`: one logit per class.
    """

    task: Task
    width: int


class TensorShape(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter tensor of a network, as the plan counts it."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)
