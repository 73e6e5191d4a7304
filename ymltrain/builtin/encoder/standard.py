"""Encoder `standard`: numbers centred on the train split's mean and divided by its standard deviation.

Written rules: mean and standard deviation (of the population) are gathered in float64; the result becomes float32, and
what is too large for that the largest float32 of its sign. A missing value, and a NaN or infinity, which count as
missing, takes the mean's place: 0. A column of one value only has standard deviation 1, so it encodes to 0. Of a boolean
true is 1 and false 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ymltrain.api import ColumnType, Divide, FeatureShape, Formula, Moments, Params, RunningMoments, Subtract, plugin
from ymltrain.builtin.encoder.missing import MissingFit, MissingIndicator, numbers_of, with_indicator

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


class StandardParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: standard`."""

    missing_indicator: MissingIndicator = "auto"


@plugin("encoder", "standard", params=StandardParams)
class StandardEncoder:
    """Learns a mean and a standard deviation."""

    column_types: ClassVar[tuple[ColumnType, ...]] = ("number", "boolean")

    def __init__(self, params: StandardParams) -> None:
        self._params = params

    def start(self, name: str, order: Sequence[str] | None) -> StandardFit:  # noqa: ARG002  numbers have an order of their own
        return StandardFit(name, MissingFit(self._params.missing_indicator))

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedStandard:
        return FittedStandard(name, Moments(mean=state["mean"], std=state["std"]), has_indicator=state["has_indicator"])


class StandardFit:
    """Learns from the finite values, in table order."""

    def __init__(self, name: str, missing: MissingFit) -> None:
        self._name = name
        self._missing = missing
        self._moments = RunningMoments()

    def update(self, column: pl.Series) -> None:
        values, is_missing = numbers_of(column)
        self._missing.update(column)
        self._moments.update(values[~is_missing])

    def finish(self) -> FittedStandard:
        return FittedStandard(self._name, self._moments.finish(), has_indicator=self._missing.finish())


@dataclass(frozen=True)
class FittedStandard:
    """One float32 column, and one more for missing values where there is an indicator."""

    name: str
    moments: Moments
    has_indicator: bool

    @property
    def shape(self) -> FeatureShape:
        return FeatureShape(name=self.name, kind="number", width=1 + self.has_indicator)

    @property
    def state(self) -> dict[str, Any]:
        return {"mean": self.moments.mean, "std": self.moments.std, "has_indicator": self.has_indicator}

    @property
    def formula(self) -> Formula:
        steps = (Subtract((self.moments.mean,)), Divide((self.moments.std,)))
        return Formula(missing=(0.0,), steps=steps, has_indicator=self.has_indicator)

    def encode(self, column: pl.Series) -> npt.NDArray[np.float32]:
        import numpy as np

        values, is_missing = numbers_of(column)
        values = np.where(is_missing, self.moments.mean, values)
        with np.errstate(over="ignore"):
            values = (values - self.moments.mean) / self.moments.std
        return with_indicator(values, is_missing, has_indicator=self.has_indicator)
