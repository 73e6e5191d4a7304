"""Encoder `none`: numbers as they are, for columns that are scaled already.

Written rules: what is too large for float32 becomes the largest one of its sign; a missing value becomes `fill`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from ymltrain.api import ColumnType, FeatureShape, Formula, Params, plugin
from ymltrain.builtin.encoder.missing import MissingFit, MissingIndicator, numbers_of, with_indicator

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


class NoneParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: none`."""

    fill: Annotated[float, Meta(description="What a missing value becomes.")] = 0.0
    missing_indicator: MissingIndicator = "auto"


@plugin("encoder", "none", params=NoneParams)
class NoneEncoder:
    """Learns only whether values are missing."""

    column_types: ClassVar[tuple[ColumnType, ...]] = ("number", "boolean")

    def __init__(self, params: NoneParams) -> None:
        self._params = params

    def start(self, name: str, order: Sequence[str] | None) -> NoneFit:  # noqa: ARG002  numbers have an order of their own
        return NoneFit(name, self._params)

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedNone:
        return FittedNone(name, state["fill"], has_indicator=state["has_indicator"])


class NoneFit:
    """Looks for missing values."""

    def __init__(self, name: str, params: NoneParams) -> None:
        self._name = name
        self._fill = params.fill
        self._missing = MissingFit(params.missing_indicator)

    def update(self, column: pl.Series) -> None:
        self._missing.update(column)

    def finish(self) -> FittedNone:
        return FittedNone(self._name, self._fill, has_indicator=self._missing.finish())


@dataclass(frozen=True)
class FittedNone:
    """One float32 column, and one more for missing values where there is an indicator."""

    name: str
    fill: float
    has_indicator: bool

    @property
    def shape(self) -> FeatureShape:
        return FeatureShape(name=self.name, kind="number", width=1 + self.has_indicator)

    @property
    def state(self) -> dict[str, Any]:
        return {"fill": self.fill, "has_indicator": self.has_indicator}

    @property
    def formula(self) -> Formula:
        return Formula(missing=(self.fill,), steps=(), has_indicator=self.has_indicator)

    def encode(self, column: pl.Series) -> npt.NDArray[np.float32]:
        import numpy as np

        values, is_missing = numbers_of(column)
        return with_indicator(np.where(is_missing, self.fill, values), is_missing, has_indicator=self.has_indicator)
