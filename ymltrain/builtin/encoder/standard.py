"""Encoder `standard`: numbers centred on the train split's mean and divided by its standard deviation.

Written rules: mean and standard deviation (of the population) are gathered in float64; the result becomes float32, and
what is too large for that the largest float32 of its sign. A missing value, and a NaN or infinity, which count as
missing, takes the mean's place: 0. A column of one value only has standard deviation 1, so it encodes to 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ymltrain.api import ColumnType, FeatureShape, Moments, NoParams, RunningMoments, plugin

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


@plugin("encoder", "standard")
class StandardEncoder:
    """Learns a mean and a standard deviation."""

    column_types: ClassVar[tuple[ColumnType, ...]] = ("number",)

    def __init__(self, params: NoParams) -> None: ...

    def start(self, name: str, order: Sequence[str] | None) -> StandardFit:  # noqa: ARG002  numbers have an order of their own
        return StandardFit(name)

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedStandard:
        return FittedStandard(name, Moments(mean=state["mean"], std=state["std"]))


class StandardFit:
    """Learns from the finite values, in table order."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._moments = RunningMoments()

    def update(self, column: pl.Series) -> None:
        import numpy as np

        values = column.to_numpy()
        self._moments.update(values[np.isfinite(values)])

    def finish(self) -> FittedStandard:
        return FittedStandard(self._name, self._moments.finish())


@dataclass(frozen=True)
class FittedStandard:
    """One float32 column."""

    name: str
    moments: Moments

    @property
    def shape(self) -> FeatureShape:
        return FeatureShape(name=self.name, kind="number", width=1)

    @property
    def state(self) -> dict[str, Any]:
        return {"mean": self.moments.mean, "std": self.moments.std}

    def encode(self, column: pl.Series) -> npt.NDArray[np.float32]:
        import numpy as np

        values = column.to_numpy()
        values = np.where(np.isfinite(values), values, self.moments.mean)
        with np.errstate(over="ignore"):
            values = (values - self.moments.mean) / self.moments.std
        largest = np.finfo(np.float32).max
        return values.clip(-largest, largest).astype(np.float32).reshape(-1, 1)
