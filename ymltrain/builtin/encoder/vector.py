"""Encoder `vector`: a list of numbers, the same length in every row, each place standardised by itself.

Written rules: the length is that of the first train row's list; a list of another length is an error. Each place is centred
on its mean over the train split and divided by its standard deviation, in float64; with `scale: none` numbers stay as they
are. A missing list, and a NaN or infinity in one, takes the mean's place: 0.

YT730 a list of another length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import ColumnType, DataError, Divide, FeatureShape, Formula, Params, RunningMoments, Subtract, plugin
from ymltrain.builtin.encoder.missing import MissingFit, MissingIndicator, with_indicator

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


class VectorParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: vector`."""

    scale: Annotated[Literal["standard", "none"], Meta(description="Whether each place is standardised.")] = "standard"
    missing_indicator: MissingIndicator = "auto"


@plugin("encoder", "vector", params=VectorParams)
class VectorEncoder:
    """Learns a length, and a mean and a standard deviation for each place."""

    column_types: ClassVar[tuple[ColumnType, ...]] = ("vector",)

    def __init__(self, params: VectorParams) -> None:
        self._params = params

    def start(self, name: str, order: Sequence[str] | None) -> VectorFit:  # noqa: ARG002  numbers have an order of their own
        return VectorFit(name, self._params)

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedVector:
        return FittedVector(name, tuple(state["means"]), tuple(state["stds"]), has_indicator=state["has_indicator"])


class VectorFit:
    """Gathers each place's moments."""

    def __init__(self, name: str, params: VectorParams) -> None:
        self._name = name
        self._scale = params.scale
        self._missing = MissingFit(params.missing_indicator)
        self._places: list[RunningMoments] | None = None

    def update(self, column: pl.Series) -> None:
        import numpy as np

        self._missing.update(column)
        present = column.drop_nulls()
        if not present.len():
            return
        if self._places is None:
            self._places = [RunningMoments() for _ in range(present.list.len()[0])]
        for moments, values in zip(self._places, matrix_of(self._name, present, len(self._places)).T, strict=True):
            moments.update(values[np.isfinite(values)])

    def finish(self) -> FittedVector:
        places = [moments.finish() for moments in self._places or [RunningMoments()]]
        if self._scale == "none":
            means, stds = (0.0,) * len(places), (1.0,) * len(places)
        else:
            means, stds = tuple(place.mean for place in places), tuple(place.std for place in places)
        return FittedVector(self._name, means, stds, has_indicator=self._missing.finish())


@dataclass(frozen=True)
class FittedVector:
    """A float32 column for each place, and one more for missing lists where there is an indicator."""

    name: str
    means: tuple[float, ...]
    stds: tuple[float, ...]
    has_indicator: bool

    @property
    def shape(self) -> FeatureShape:
        return FeatureShape(name=self.name, kind="number", width=len(self.means) + self.has_indicator)

    @property
    def state(self) -> dict[str, Any]:
        return {"means": list(self.means), "stds": list(self.stds), "has_indicator": self.has_indicator}

    @property
    def formula(self) -> Formula:
        return Formula(
            missing=(0.0,) * len(self.means), steps=(Subtract(self.means), Divide(self.stds)), has_indicator=self.has_indicator
        )

    def encode(self, column: pl.Series) -> npt.NDArray[np.float32]:
        import numpy as np

        means, stds = np.array(self.means), np.array(self.stds)
        is_missing = column.is_null().to_numpy()
        values = np.tile(means, (column.len(), 1))
        if not is_missing.all():
            values[~is_missing] = matrix_of(self.name, column.drop_nulls(), len(means))
        with np.errstate(over="ignore"):
            scaled = (np.where(np.isfinite(values), values, means) - means) / stds
        return with_indicator(scaled, is_missing, has_indicator=self.has_indicator)


def matrix_of(name: str, lists: pl.Series, length: int) -> npt.NDArray[np.float64]:
    """`[n, length]` from lists without nulls. Raises DataError (YT730) naming the first of another length."""
    lengths = lists.list.len()
    is_other = lengths != length
    if is_other.any():
        found = lengths.filter(is_other)[0]
        message = f'column "{name}": a list of {found} numbers, where the first train row has {length}'
        raise DataError("YT730", message, "give every row a list of the same length, or none")
    return lists.explode().to_numpy().reshape(-1, length)
