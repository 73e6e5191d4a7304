"""Encoder `robust`: numbers centred on the train split's median, divided by its interquartile range, large ones bent smoothly.

Written rules: median and quartiles are those of 100,000 train values drawn by their positions, or of all when there are
fewer. Where the quartiles are equal, half the range of the values takes the range's place, and 1 where that is 0 too. With
`clip: c` a scaled value x becomes x / sqrt(1 + (x/c)^2), so that nothing lies beyond ±c (Holzmüller, Grinsztajn and
Steinwart, "Better by default", NeurIPS 2024). A missing value takes the median's place: 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta

from ymltrain.api import Bend, Clip, ColumnType, Divide, FeatureShape, Formula, Params, Subtract, plugin
from ymltrain.builtin.encoder.missing import MissingFit, MissingIndicator, numbers_of, with_indicator
from ymltrain.builtin.encoder.sampled import Sample

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


LARGEST = 3.4028234663852886e38
"""Of float32."""


class RobustParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: robust`."""

    clip: Annotated[float, Meta(gt=0, description="Where scaled values are bent to; null leaves them as they are.")] | None = 3.0
    missing_indicator: MissingIndicator = "auto"


@plugin("encoder", "robust", params=RobustParams)
class RobustEncoder:
    """Learns a median and an interquartile range."""

    column_types: ClassVar[tuple[ColumnType, ...]] = ("number",)

    def __init__(self, params: RobustParams) -> None:
        self._params = params

    def start(self, name: str, order: Sequence[str] | None) -> RobustFit:  # noqa: ARG002  numbers have an order of their own
        return RobustFit(name, self._params)

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedRobust:
        return FittedRobust(name, state["center"], state["scale"], state["clip"], has_indicator=state["has_indicator"])


class RobustFit:
    """Keeps a sample of the finite values."""

    def __init__(self, name: str, params: RobustParams) -> None:
        self._name = name
        self._clip = params.clip
        self._missing = MissingFit(params.missing_indicator)
        self._sample = Sample()

    def update(self, column: pl.Series) -> None:
        values, is_missing = numbers_of(column)
        self._missing.update(column)
        self._sample.update(values[~is_missing])

    def finish(self) -> FittedRobust:
        import numpy as np

        values = self._sample.finish()
        center, scale = 0.0, 1.0
        if len(values):
            with np.errstate(over="ignore"):
                lower, center, upper = (float(value) for value in np.quantile(values, [0.25, 0.5, 0.75]))
                scale = (upper - lower) or (float(values[-1]) - float(values[0])) / 2 or 1.0
        usable = scale if np.isfinite(scale) and scale > 0 else 1e308
        return FittedRobust(self._name, center, usable, self._clip, has_indicator=self._missing.finish())


@dataclass(frozen=True)
class FittedRobust:
    """One float32 column, and one more for missing values where there is an indicator."""

    name: str
    center: float
    scale: float
    clip: float | None
    has_indicator: bool

    @property
    def shape(self) -> FeatureShape:
        return FeatureShape(name=self.name, kind="number", width=1 + self.has_indicator)

    @property
    def state(self) -> dict[str, Any]:
        return {"center": self.center, "scale": self.scale, "clip": self.clip, "has_indicator": self.has_indicator}

    @property
    def formula(self) -> Formula:
        bend = () if self.clip is None else (Bend(self.clip),)
        steps = (Subtract((self.center,)), Divide((self.scale,)), Clip(LARGEST), *bend)
        return Formula(missing=(0.0,), steps=steps, has_indicator=self.has_indicator)

    def encode(self, column: pl.Series) -> npt.NDArray[np.float32]:
        import numpy as np

        values, is_missing = numbers_of(column)
        largest = np.finfo(np.float32).max
        with np.errstate(over="ignore"):
            scaled = (np.where(is_missing, self.center, values) - self.center) / self.scale
            scaled = scaled.clip(-largest, largest)
            if self.clip is not None:
                scaled = scaled / np.sqrt(1 + (scaled / self.clip) ** 2)
        return with_indicator(scaled, is_missing, has_indicator=self.has_indicator)
