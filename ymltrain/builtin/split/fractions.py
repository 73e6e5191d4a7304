"""The params of a split by shares, and how an even spread of numbers is cut into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from ymltrain.api import Params

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

TOLERANCE = 1e-6


class FractionParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside the `type` of a split by shares; the three add up to 1."""

    train: Annotated[float, Meta(gt=0, le=1, description="The share of rows that train.")] = 0.8
    val: Annotated[float, Meta(ge=0, le=1, description="The share of rows that compare epochs; 0 for none.")] = 0.1
    test: Annotated[float, Meta(ge=0, le=1, description="The share of rows for the one evaluation at the end; 0 for none.")] = 0.1

    def __post_init__(self) -> None:
        total = self.train + self.val + self.test
        if abs(total - 1) > TOLERANCE:
            raise ValueError(f"train {self.train:g}, val {self.val:g} and test {self.test:g} add up to {total:g}, not to 1")

    @property
    def fractions(self) -> tuple[float, float, float]:
        """The shares of train, val and test."""
        return self.train, self.val, self.test


def cut(hashes: npt.NDArray[np.uint64], fractions: tuple[float, float, float]) -> npt.NDArray[np.uint8]:
    """`[n]` of 0, 1, 2 in the shares given, from numbers spread evenly over 64 bits. A share of 0 gets no row."""
    import numpy as np

    share = (hashes >> np.uint64(11)).astype(np.float64) / 2.0**53
    train, val, test = fractions
    train_end = train if val or test else 1.0
    val_end = train + val if test else 1.0
    return (share >= train_end).astype(np.uint8) + (share >= val_end).astype(np.uint8)
