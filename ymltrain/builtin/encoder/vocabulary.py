"""Encoder `vocabulary`: each category its own id.

Written rules: id 0 is for what was never seen in training. Then come the values of the recipe's `order`, whether they
occur or not, then those of the train split that it leaves out, sorted by code point. A missing value that occurs in
training is a value of its own and has the last id; one that never occurred in training is unseen: 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from ymltrain.api import ColumnType, FeatureShape, NoParams, plugin

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


@plugin("encoder", "vocabulary")
class VocabularyEncoder:
    """Learns which values there are."""

    column_types: ClassVar[tuple[ColumnType, ...]] = ("category",)

    def __init__(self, params: NoParams) -> None: ...

    def start(self, name: str, order: Sequence[str] | None) -> VocabularyFit:
        return VocabularyFit(name, order or ())

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedVocabulary:
        return FittedVocabulary(name, state["values"], has_null=state["has_null"])


class VocabularyFit:
    """Gathers the distinct values."""

    def __init__(self, name: str, order: Sequence[str]) -> None:
        self._name = name
        self._order = list(dict.fromkeys(order))
        self._seen: set[str] = set()
        self._has_null = False

    def update(self, column: pl.Series) -> None:
        distinct = set(column.unique().to_list())
        self._has_null |= None in distinct
        self._seen |= distinct - {None}

    def finish(self) -> FittedVocabulary:
        rest = sorted(self._seen.difference(self._order))
        return FittedVocabulary(self._name, [*self._order, *rest], has_null=self._has_null)


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

        positions = column.cast(self._known, strict=False).to_physical().cast(pl.Int32)
        ids = (positions + 1).fill_null(0).to_numpy(writable=True)
        if self._has_null:
            ids[column.is_null().to_numpy()] = len(self._values) + 1
        return ids.astype(np.int32, copy=False)

    @cached_property
    def _known(self) -> pl.Enum:
        import polars as pl

        return pl.Enum(self._values)
