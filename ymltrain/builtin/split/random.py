"""Split `random`: rows fall into train, val and test by chance.

Written rule: where a row falls depends on the seed and its number in the table alone, not on what it holds. Appending
rows leaves the others where they are; sorting the table or removing a row does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ymltrain.api import ColumnRoles, hash_rows, plugin
from ymltrain.builtin.split.fractions import FractionParams, cut

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


@plugin("split", "random", params=FractionParams)
class RandomSplit:
    """Draws one number per row, without state."""

    def __init__(self, params: FractionParams) -> None:
        self.fractions = params.fractions

    def columns(self, roles: ColumnRoles, available: Sequence[str]) -> Sequence[str]:  # noqa: ARG002  it looks at no column
        return ()

    def assign(self, rows: pl.DataFrame, first_row: int, seed: int) -> npt.NDArray[np.uint8]:
        return cut(hash_rows(seed, first_row, rows.height), self.fractions)
