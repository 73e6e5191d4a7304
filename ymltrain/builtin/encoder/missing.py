"""A second column beside an encoded number that says where its value was missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

MissingIndicator = Annotated[
    bool | Literal["auto"],
    Meta(
        description="Whether a further column is 1 where the value is missing, else 0; `auto`: when the train split lacks values."
    ),
]


class MissingFit:
    """Decides on the indicator while the train rows go by."""

    def __init__(self, wanted: bool | Literal["auto"]) -> None:  # noqa: FBT001  the param as a recipe writes it
        self._wanted = wanted
        self._is_missing = False

    def update(self, column: pl.Series) -> None:
        """Take in a block of the train split."""
        self._is_missing |= column.null_count() > 0

    def finish(self) -> bool:
        """Whether there is an indicator."""
        return self._is_missing if self._wanted == "auto" else self._wanted


def with_indicator(
    values: npt.NDArray[np.floating], is_missing: npt.NDArray[np.bool_], *, has_indicator: bool
) -> npt.NDArray[np.float32]:
    """float32 `[n, width]` from `[n]` or `[n, width]` finite values, clipped to float32's range, the indicator last."""
    import numpy as np

    largest = np.finfo(np.float32).max
    encoded = values.clip(-largest, largest).astype(np.float32)
    encoded = encoded[:, None] if encoded.ndim == 1 else encoded
    return np.concatenate([encoded, is_missing.astype(np.float32)[:, None]], axis=1) if has_indicator else encoded


def numbers_of(column: pl.Series) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """A number or boolean column as float64, and where a value is missing (or not finite, which counts as that)."""
    import numpy as np
    import polars as pl

    values = column.cast(pl.Float64).to_numpy()
    return values, ~np.isfinite(values)
