"""Encoder `quantile`: numbers by their rank in the train split, spread like a normal or a uniform distribution.

Written rules: `knots` evenly spaced quantiles are those of 100,000 train values drawn by their positions, or of all when
there are fewer; between two knots ranks are linear, beyond the outer ones they stay. With `output: normal` a rank becomes
the normal quantile of it (ranks are kept 1e-4 from 0 and 1), with `uniform` it lies between -1 and 1. A missing value
takes the median's place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import ColumnType, FeatureShape, Formula, Interpolate, Params, plugin
from ymltrain.builtin.encoder.missing import MissingFit, MissingIndicator, numbers_of, with_indicator
from ymltrain.builtin.encoder.sampled import Sample

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

OUTERMOST = 1e-4


class QuantileParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: quantile`."""

    output: Annotated[Literal["normal", "uniform"], Meta(description="How encoded values are spread.")] = "normal"
    knots: Annotated[int, Meta(ge=2, le=10_000, description="How many quantiles are kept.")] = 256
    missing_indicator: MissingIndicator = "auto"


@plugin("encoder", "quantile", params=QuantileParams)
class QuantileEncoder:
    """Learns quantiles."""

    column_types: ClassVar[tuple[ColumnType, ...]] = ("number",)

    def __init__(self, params: QuantileParams) -> None:
        self._params = params

    def start(self, name: str, order: Sequence[str] | None) -> QuantileFit:  # noqa: ARG002  numbers have an order of their own
        return QuantileFit(name, self._params)

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedQuantile:
        return FittedQuantile(
            name, tuple(state["knots"]), tuple(state["ranks"]), state["output"], has_indicator=state["has_indicator"]
        )


class QuantileFit:
    """Keeps a sample of the finite values."""

    def __init__(self, name: str, params: QuantileParams) -> None:
        self._name = name
        self._params = params
        self._missing = MissingFit(params.missing_indicator)
        self._sample = Sample()

    def update(self, column: pl.Series) -> None:
        values, is_missing = numbers_of(column)
        self._missing.update(column)
        self._sample.update(values[~is_missing])

    def finish(self) -> FittedQuantile:
        import numpy as np

        values = self._sample.finish()
        if not len(values):
            values = np.zeros(1)
        ranks = np.linspace(0, 1, self._params.knots)
        knots = values[np.round(ranks * (len(values) - 1)).astype(np.int64)]
        distinct, first, counts = np.unique(knots, return_index=True, return_counts=True)
        middle = ranks[first] / 2 + ranks[first + counts - 1] / 2  # of a value that fills several knots
        return FittedQuantile(
            self._name,
            tuple(distinct.tolist()),
            tuple(middle.tolist()),
            self._params.output,
            has_indicator=self._missing.finish(),
        )


@dataclass(frozen=True)
class FittedQuantile:
    """One float32 column, and one more for missing values where there is an indicator."""

    name: str
    knots: tuple[float, ...]
    ranks: tuple[float, ...]
    output: Literal["normal", "uniform"]
    has_indicator: bool

    @property
    def shape(self) -> FeatureShape:
        return FeatureShape(name=self.name, kind="number", width=1 + self.has_indicator)

    @property
    def state(self) -> dict[str, Any]:
        return {
            "knots": list(self.knots),
            "ranks": list(self.ranks),
            "output": self.output,
            "has_indicator": self.has_indicator,
        }

    @property
    def formula(self) -> Formula:
        known, scores = self._table
        steps = (Interpolate(tuple(known.tolist()), tuple(scores.tolist())),)
        return Formula(missing=(self._middle,), steps=steps, has_indicator=self.has_indicator)

    def encode(self, column: pl.Series) -> npt.NDArray[np.float32]:
        import numpy as np

        values, is_missing = numbers_of(column)
        known, scores = self._table
        with np.errstate(over="ignore", invalid="ignore"):
            encoded = np.interp(np.where(is_missing, 0.0, values), known, scores)
        return with_indicator(np.where(is_missing, self._middle, encoded), is_missing, has_indicator=self.has_indicator)

    @cached_property
    def _table(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Knots and what each is encoded to."""
        import numpy as np

        if self.output == "uniform":
            scores = [2 * rank - 1 for rank in self.ranks]
        else:
            scores = [NormalDist().inv_cdf(min(max(rank, OUTERMOST), 1 - OUTERMOST)) for rank in self.ranks]
        return np.array(self.knots), np.array(scores)

    @cached_property
    def _middle(self) -> float:
        """What a missing value is encoded to."""
        import numpy as np

        return float(np.interp(0.5, np.array(self.ranks), self._table[1]))
