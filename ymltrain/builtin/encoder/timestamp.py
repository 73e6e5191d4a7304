"""Encoder `timestamp`: a moment as a place on circles (time of day, day of the week, day of the year) and on a line.

Written rules: parts are those that the clock and calendar of the column's time zone show. Each cyclic part is two numbers,
sine and cosine of its angle: of the seconds since midnight in 24 hours, of the weekday in 7 days, of the day of the year in
366. With `cyclic: auto` a part is taken when the train split has more than one value of it. `linear` is the time in
seconds, centred on the train split's mean and divided by its standard deviation: outside training's period it goes on,
which a network may not. A missing value is 0 in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta

from ymltrain.api import ColumnType, FeatureShape, Moments, Params, RunningMoments, plugin
from ymltrain.builtin.encoder.missing import MissingFit, MissingIndicator, with_indicator

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

Part = Literal["time_of_day", "day_of_week", "day_of_year"]
PARTS: tuple[Part, ...] = ("time_of_day", "day_of_week", "day_of_year")
PERIODS: dict[Part, float] = {"time_of_day": 86_400.0, "day_of_week": 7.0, "day_of_year": 366.0}


class TimestampParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: timestamp`."""

    cyclic: Annotated[tuple[Part, ...] | Literal["auto"], Meta(description="Which cyclic parts there are.")] = "auto"
    linear: Annotated[bool, Meta(description="Whether there is the time since the train split's mean.")] = True
    missing_indicator: MissingIndicator = "auto"

    def __post_init__(self) -> None:
        if not self.cyclic and not self.linear:
            raise ValueError("nothing is left of the time: name a cyclic part, or leave `linear` true")


@plugin("encoder", "timestamp", params=TimestampParams)
class TimestampEncoder:
    """Learns which parts vary, and mean and standard deviation of the time."""

    column_types: ClassVar[tuple[ColumnType, ...]] = ("timestamp",)

    def __init__(self, params: TimestampParams) -> None:
        self._params = params

    def start(self, name: str, order: Sequence[str] | None) -> TimestampFit:  # noqa: ARG002  times have an order of their own
        return TimestampFit(name, self._params)

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedTimestamp:
        linear = Moments(mean=state["mean"], std=state["std"]) if state["linear"] else None
        return FittedTimestamp(name, tuple(state["cyclic"]), linear, has_indicator=state["has_indicator"])


class TimestampFit:
    """Looks at every part of every moment."""

    def __init__(self, name: str, params: TimestampParams) -> None:
        self._name = name
        self._params = params
        self._missing = MissingFit(params.missing_indicator)
        self._moments = RunningMoments()
        self._ends: dict[Part, tuple[float, float]] = {}

    def update(self, column: pl.Series) -> None:
        self._missing.update(column)
        present = column.drop_nulls()
        self._moments.update(seconds(present))
        for part in PARTS if present.len() else ():
            values = part_of(present, part)
            low, high = self._ends.get(part, (values[0], values[0]))
            self._ends[part] = (min(low, float(values.min())), max(high, float(values.max())))

    def finish(self) -> FittedTimestamp:
        chosen = self._params.cyclic
        if chosen == "auto":
            chosen = tuple(part for part, (low, high) in self._ends.items() if low < high)
        is_linear = self._params.linear or not chosen
        linear = self._moments.finish() if is_linear else None
        return FittedTimestamp(self._name, chosen, linear, has_indicator=self._missing.finish())


@dataclass(frozen=True)
class FittedTimestamp:
    """Two float32 columns for each cyclic part, one for the linear time, one more where there is an indicator."""

    name: str
    cyclic: tuple[Part, ...]
    linear: Moments | None
    has_indicator: bool

    @property
    def shape(self) -> FeatureShape:
        width = 2 * len(self.cyclic) + (self.linear is not None) + self.has_indicator
        return FeatureShape(name=self.name, kind="number", width=width)

    @property
    def state(self) -> dict[str, Any]:
        moments = self.linear or Moments(mean=0.0, std=1.0)
        return {
            "cyclic": list(self.cyclic),
            "linear": self.linear is not None,
            "mean": moments.mean,
            "std": moments.std,
            "has_indicator": self.has_indicator,
        }

    def encode(self, column: pl.Series) -> npt.NDArray[np.float32]:
        import numpy as np

        columns: list[npt.NDArray[np.float64]] = []
        for part in self.cyclic:
            angle = part_of(column, part) * (2 * np.pi / PERIODS[part])
            columns += [np.sin(angle), np.cos(angle)]
        if self.linear is not None:
            columns.append((seconds(column) - self.linear.mean) / self.linear.std)
        is_missing = column.is_null().to_numpy()
        values = np.stack(columns, axis=1)
        values[is_missing] = 0.0
        return with_indicator(values, is_missing, has_indicator=self.has_indicator)


def seconds(column: pl.Series) -> npt.NDArray[np.float64]:
    """Seconds since 1970 in UTC; NaN where a value is missing."""
    import polars as pl

    return column.dt.epoch("us").cast(pl.Float64).to_numpy() / 1e6


def part_of(column: pl.Series, part: Part) -> npt.NDArray[np.float64]:
    """A part as clock and calendar of the column's zone show it; NaN where a value is missing."""
    import polars as pl

    if part == "day_of_week":
        shown = column.dt.weekday()
    elif part == "day_of_year":
        shown = column.dt.ordinal_day()
    else:
        shown = column.dt.hour().cast(pl.Int64) * 3600 + column.dt.minute().cast(pl.Int64) * 60 + column.dt.second()
    return shown.cast(pl.Float64).to_numpy()
