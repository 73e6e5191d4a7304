"""Encoder `ordinal`: a category that has an order as one number, its standardised rank.

Written rules: ranks are those of the recipe's `order`, from 0; without one, and for values that it leaves out, of the
train split's values sorted by code point after them. They are centred and divided by the standard deviation of the train
rows' ranks. A missing value, and one that was never seen, takes the mean's place: 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ymltrain.api import ColumnType, FeatureShape, Params, plugin
from ymltrain.builtin.encoder.missing import MissingFit, MissingIndicator, with_indicator

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


class OrdinalParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: ordinal`."""

    missing_indicator: MissingIndicator = "auto"


@plugin("encoder", "ordinal", params=OrdinalParams)
class OrdinalEncoder:
    """Learns the values' ranks, and how these are spread."""

    column_types: ClassVar[tuple[ColumnType, ...]] = ("category",)

    def __init__(self, params: OrdinalParams) -> None:
        self._params = params

    def start(self, name: str, order: Sequence[str] | None) -> OrdinalFit:
        return OrdinalFit(name, order or (), MissingFit(self._params.missing_indicator))

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedOrdinal:
        return FittedOrdinal(name, tuple(state["values"]), state["mean"], state["std"], has_indicator=state["has_indicator"])


class OrdinalFit:
    """Counts the distinct values."""

    def __init__(self, name: str, order: Sequence[str], missing: MissingFit) -> None:
        self._name = name
        self._order = list(dict.fromkeys(order))
        self._missing = missing
        self._counts: Counter[str] = Counter()

    def update(self, column: pl.Series) -> None:
        self._missing.update(column)
        counted = column.drop_nulls().value_counts()
        self._counts.update(dict(zip(counted.to_series(0).to_list(), counted.to_series(1).to_list(), strict=True)))

    def finish(self) -> FittedOrdinal:
        values = [*self._order, *sorted(self._counts.keys() - set(self._order))]
        total = self._counts.total() or 1
        mean = sum(rank * self._counts[value] for rank, value in enumerate(values)) / total
        variance = sum((rank - mean) ** 2 * self._counts[value] for rank, value in enumerate(values)) / total
        return FittedOrdinal(self._name, tuple(values), mean, variance**0.5 or 1.0, has_indicator=self._missing.finish())


@dataclass(frozen=True)
class FittedOrdinal:
    """One float32 column, and one more for missing values where there is an indicator."""

    name: str
    values: tuple[str, ...]
    mean: float
    std: float
    has_indicator: bool

    @property
    def shape(self) -> FeatureShape:
        return FeatureShape(name=self.name, kind="number", width=1 + self.has_indicator)

    @property
    def state(self) -> dict[str, Any]:
        return {"values": list(self.values), "mean": self.mean, "std": self.std, "has_indicator": self.has_indicator}

    def encode(self, column: pl.Series) -> npt.NDArray[np.float32]:
        import polars as pl

        ranks = column.cast(pl.Enum(self.values), strict=False).to_physical().cast(pl.Float64)
        values = (ranks.fill_null(self.mean).to_numpy() - self.mean) / self.std
        return with_indicator(values, column.is_null().to_numpy(), has_indicator=self.has_indicator)
