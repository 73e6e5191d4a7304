"""Encoder `vocabulary`: each category its own id.

Written rules: id 0 is for what was never seen in training, and for what occurs there fewer than `min_count` times or is
not among the `max_size` most frequent values (of equally frequent ones the first by code point stay). Then come the values
of the recipe's `order`, whether they occur or not, then those of the train split that it leaves out, sorted by code point.
A missing value that occurs in training is a value of its own and has the last id; one that never occurred in training is
unseen: 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from ymltrain.api import ColumnType, FeatureShape, Params, plugin

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


class VocabularyParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: vocabulary`."""

    min_count: Annotated[int, Meta(ge=1, description="Train rows that a value needs for an id of its own.")] = 1
    max_size: Annotated[int, Meta(ge=1, description="How many values have an id of their own at most.")] | None = None


@plugin("encoder", "vocabulary", params=VocabularyParams)
class VocabularyEncoder:
    """Learns which values there are."""

    column_types: ClassVar[tuple[ColumnType, ...]] = ("category", "boolean")

    def __init__(self, params: VocabularyParams) -> None:
        self._params = params

    def start(self, name: str, order: Sequence[str] | None) -> VocabularyFit:
        return VocabularyFit(name, order or (), self._params)

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedVocabulary:
        return FittedVocabulary(name, state["values"], has_null=state["has_null"])


class VocabularyFit:
    """Counts the distinct values."""

    def __init__(self, name: str, order: Sequence[str], params: VocabularyParams) -> None:
        self._name = name
        self._order = list(dict.fromkeys(order))
        self._params = params
        self._counts: Counter[str] = Counter()
        self._has_null = False

    def update(self, column: pl.Series) -> None:
        import polars as pl

        counted = column.cast(pl.String).drop_nulls().value_counts()
        self._counts.update(dict(zip(counted.to_series(0).to_list(), counted.to_series(1).to_list(), strict=True)))
        self._has_null |= column.null_count() > 0

    def finish(self) -> FittedVocabulary:
        listed = set(self._order)
        rest = [value for value, count in self._counts.items() if count >= self._params.min_count and value not in listed]
        rest.sort(key=lambda value: (-self._counts[value], value))
        room = None if self._params.max_size is None else max(0, self._params.max_size - len(self._order))
        return FittedVocabulary(self._name, [*self._order, *sorted(rest[:room])], has_null=self._has_null)


class FittedVocabulary:
    """One int32 id a row."""

    def __init__(self, name: str, values: Sequence[str], *, has_null: bool) -> None:
        self._name = name
        self._values = list(values)
        self._has_null = has_null

    @property
    def shape(self) -> FeatureShape:
        return FeatureShape(name=self._name, kind="category", cardinality=1 + len(self._values) + self._has_null)

    @property
    def state(self) -> dict[str, Any]:
        return {"values": list(self._values), "has_null": self._has_null}

    def encode(self, column: pl.Series) -> npt.NDArray[np.int32]:
        import numpy as np
        import polars as pl

        positions = column.cast(pl.String).cast(self._known, strict=False).to_physical().cast(pl.Int32)
        if positions.null_count():
            positions = positions.fill_null(-1)
        ids = positions.to_numpy() + np.int32(1)
        if self._has_null:
            ids[column.is_null().to_numpy()] = len(self._values) + 1
        return ids

    @cached_property
    def _known(self) -> pl.Enum:
        import polars as pl

        return pl.Enum(self._values)
