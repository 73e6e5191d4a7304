"""An encoder of numbers as a formula: what programs that are not ymltrain need to do the same, and what exports hold.

Raw values are float64 `[n, columns]`: a number as it is, a boolean as 1 and 0, a vector's places side by side. A value that
is NaN or infinite is missing. The steps apply one after the other to each raw column, in float64; missing values then take
`missing`'s place, all is clipped to the range of float32, and where `has_indicator` a last column is 1 in rows whose values
are all missing, else 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


class Subtract(msgspec.Struct, frozen=True, tag="subtract", tag_field="op"):
    """x - by; one number for each raw column."""

    by: tuple[float, ...]


class Divide(msgspec.Struct, frozen=True, tag="divide", tag_field="op"):
    """x / by; one number for each raw column."""

    by: tuple[float, ...]


class Clip(msgspec.Struct, frozen=True, tag="clip", tag_field="op"):
    """What lies beyond ± `at` becomes that."""

    at: float


class Bend(msgspec.Struct, frozen=True, tag="bend", tag_field="op"):
    """x / sqrt(1 + (x / at)²): nothing lies beyond ± `at`."""

    at: float


class Interpolate(msgspec.Struct, frozen=True, tag="interpolate", tag_field="op"):
    """Linear between `knots` (ascending) and the `values` at them; beyond the outer ones the outer value."""

    knots: tuple[float, ...]
    values: tuple[float, ...]


Step: TypeAlias = Subtract | Divide | Clip | Bend | Interpolate


class Formula(msgspec.Struct, frozen=True, kw_only=True):
    """How raw numbers become encoded ones. `missing` has the encoded value of a missing one, for each raw column."""

    missing: tuple[float, ...]
    steps: tuple[Step, ...]
    has_indicator: bool

    @property
    def columns(self) -> int:
        """How many raw columns it takes."""
        return len(self.missing)

    @property
    def width(self) -> int:
        """How many encoded columns it gives."""
        return self.columns + self.has_indicator


def raw_values(column: pl.Series, width: int) -> npt.NDArray[np.float64]:
    """A number, boolean or vector column as float64 `[n, width]`, NaN where a value is missing.

    Raises ValueError at a vector of another length.
    """
    import numpy as np
    import polars as pl

    if not isinstance(column.dtype, pl.List):
        return column.cast(pl.Float64).to_numpy().reshape(-1, 1)
    values = np.full((column.len(), width), np.nan)
    is_there = column.is_not_null().to_numpy()
    if is_there.any():
        present = column.drop_nulls()
        if (present.list.len() != width).any():
            raise ValueError(f"a vector that is not {width} numbers long")
        values[is_there] = present.explode().to_numpy().reshape(-1, width)
    return values


def apply_formula(formula: Formula, raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Raw values `[n, columns]` as the formula encodes them: float32 `[n, width]`."""
    import numpy as np

    is_missing = ~np.isfinite(raw)
    values = np.where(is_missing, 0.0, raw)
    with np.errstate(over="ignore", invalid="ignore"):
        for step in formula.steps:
            values = _apply(step, values)
    largest = float(np.finfo(np.float32).max)
    encoded = np.where(is_missing, np.array(formula.missing), values).clip(-largest, largest).astype(np.float32)
    if not formula.has_indicator:
        return encoded
    return np.concatenate([encoded, is_missing.all(axis=1, keepdims=True).astype(np.float32)], axis=1)


def _apply(step: Step, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    import numpy as np

    match step:
        case Subtract(by):
            shifted: npt.NDArray[np.float64] = values - np.array(by)
            return shifted
        case Divide(by):
            scaled: npt.NDArray[np.float64] = values / np.array(by)
            return scaled
        case Clip(at):
            return values.clip(-at, at)
        case Bend(at):
            bent: npt.NDArray[np.float64] = values / np.sqrt(1 + (values / at) ** 2)
            return bent
        case Interpolate(knots, ends):
            between: npt.NDArray[np.float64] = np.interp(values, knots, ends)
            return between
