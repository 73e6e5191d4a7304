"""Shapes that pass between data, models and losses, without torch."""

from __future__ import annotations

from math import prod
from typing import Literal

import msgspec

ColumnType = Literal["number", "category", "boolean", "timestamp", "text", "vector"]
"""How a recipe reads a column; the written rules of reading say what each makes of a value."""

Task = Literal["regression", "classification", "binary", "multilabel", "ordinal", "next_token"]
TABLE_TASKS: tuple[Task, ...] = ("regression", "classification", "binary", "multilabel", "ordinal")
"""The tasks whose networks take a table's encoded features and give `[n, width]`."""

NO_TOKEN = -1
"""In the target of a window: no token stands here."""

EncodedKind = Literal["number", "category", "tokens"]
ENCODED_KINDS: tuple[EncodedKind, ...] = ("number", "category", "tokens")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How a column is read: its type and, of a timestamp, the zone of times without one and the format of other text."""

    type: ColumnType
    time_zone: str = "UTC"
    format: str | None = None


class FeatureShape(msgspec.Struct, frozen=True, kw_only=True):
    """One encoded feature.

    `number`: `width` float32 columns. `category`: one int32 id in `[0, cardinality)`, where 0 stands
    for a value never seen in training. `tokens`: `width` int32 ids in `[0, cardinality)`, 0 after a row's last word.
    The one feature of a `next_token` target is a window of `width` tokens.
    """

    name: str
    kind: EncodedKind
    width: int = 1
    cardinality: int = 0

    @property
    def columns(self) -> int:
        """How many columns of its kind's array it takes."""
        return 1 if self.kind == "category" else self.width


class OutputShape(msgspec.Struct, frozen=True, kw_only=True):
    """What a network must return for a batch of n rows: a float tensor `[n, width]`, for `next_token` `[n, tokens, width]`.

    `regression`: width 1, the target on its encoded scale. `classification`: one logit per class. `binary`: width 1,
    the logit of the positive class. `multilabel`: one logit per label. `ordinal`: for each class but the lowest the
    logit of being at least that class. `next_token`: at each token one logit for each that may come next. A probability of
    `threshold` or more says yes, in binary and multilabel.
    """

    task: Task
    width: int
    threshold: float = 0.5

    @property
    def classes(self) -> int:
        """How many classes there are to tell apart; labels of a multilabel target; 0 of a number."""
        return {"regression": 0, "binary": 2, "ordinal": self.width + 1}.get(self.task, self.width)


class TensorShape(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter tensor of a network, as the plan counts it."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)
