"""Split `group`: rows with the same value fall together, so that no patient, user or document is in two splits.

Written rules: `by` names the column or columns that make a group (the recipe's `keys` where it is not written). Where a
group falls depends on a hash of its values and the seed alone, as in the split `hash`: a group stays where it is when rows or
groups come and go. Shares are those of groups, so they hold for rows when groups are many and of like size. Rows without a
value make one group.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from ymltrain.api import ColumnRoles, DataError, did_you_mean, mix64, plugin
from ymltrain.builtin.split.fractions import FractionParams, cut
from ymltrain.builtin.split.hash import hash_values

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


class GroupParams(FractionParams, frozen=True, kw_only=True):
    """What a recipe may write beside `type: group`."""

    by: (
        Annotated[str, Meta(min_length=1)]
        | Annotated[
            tuple[Annotated[str, Meta(min_length=1)], ...],
            Meta(min_length=1, description="The column or columns whose values make a group; the recipe's keys by default."),
        ]
        | None
    ) = None


@plugin("split", "group", params=GroupParams)
class GroupSplit:
    """Hashes the columns that make a group."""

    def __init__(self, params: GroupParams) -> None:
        self.fractions = params.fractions
        self._by = (params.by,) if isinstance(params.by, str) else params.by

    def columns(self, roles: ColumnRoles, available: Sequence[str]) -> Sequence[str]:
        names = self._by or roles.keys
        if not names:
            raise DataError("YT733", "the split `group` goes by no column", "write `by: COLUMN` in the split, or `keys`")
        return checked_columns(names, available, "group")

    def assign(self, rows: pl.DataFrame, first_row: int, seed: int) -> npt.NDArray[np.uint8]:  # noqa: ARG002  where a row stands does not matter
        import numpy as np

        state = np.full(rows.height, seed, np.uint64)
        for column in rows.iter_columns():
            state = mix64(mix64(state) ^ hash_values(column.alias("values")))
        return cut(mix64(state), self.fractions)


def checked_columns(names: Sequence[str], available: Sequence[str], split: str) -> tuple[str, ...]:
    """The names, once each. Raises DataError for one that the data do not have."""
    for name in names:
        if name not in available:
            raise DataError(
                "YT733", f'the split `{split}` goes by a column "{name}", which the data do not have', did_you_mean(name, available)
            )
    return tuple(dict.fromkeys(names))
