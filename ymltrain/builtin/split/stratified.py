"""Split `stratified`: every class has the same shares of train, validation and test, to within a row.

Written rules: `by` names the column whose values are the classes (the target where it is not written; several columns are
taken together). Within a class rows are ordered by a hash of seed and row number, and the first share trains, the next
validates, the last tests; each share is rounded so that the three add up. A row moves when rows of its class come or go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from ymltrain.api import ColumnRoles, DataError, hash_rows, mix64, plugin
from ymltrain.builtin.split.fractions import FractionParams
from ymltrain.builtin.split.group import checked_columns
from ymltrain.builtin.split.hash import hash_values

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl


class StratifiedParams(FractionParams, frozen=True, kw_only=True):
    """What a recipe may write beside `type: stratified`."""

    by: Annotated[str, Meta(min_length=1, description="The column of the classes; the target by default.")] | None = None


@plugin("split", "stratified", params=StratifiedParams)
class StratifiedSplit:
    """Looks at the classes of all rows, then deals each class out."""

    def __init__(self, params: StratifiedParams, codes: npt.NDArray[np.uint8] | None = None) -> None:
        self.fractions = params.fractions
        self._params = params
        self._codes = codes

    def columns(self, roles: ColumnRoles, available: Sequence[str]) -> Sequence[str]:
        names = (self._params.by,) if self._params.by is not None else roles.target
        if not names:
            raise DataError("YT733", "the split `stratified` goes by no column", "write `by: COLUMN` in the split")
        return checked_columns(names, available, "stratified")

    def survey(self, tables: Iterator[pl.DataFrame], seed: int) -> StratifiedSplit:
        """The split that knows where each row of these tables falls."""
        import numpy as np

        classes = np.concatenate([np.empty(0, np.uint64), *(_classes(table) for table in tables)])
        hashes = hash_rows(seed, 0, len(classes))
        order = np.lexsort((hashes, classes))
        _, starts, counts = np.unique(classes[order], return_index=True, return_counts=True)
        position = np.arange(len(classes)) - np.repeat(starts, counts)
        sizes = np.repeat(counts, counts)
        train, val, _ = self.fractions
        train_end, val_end = np.rint(sizes * train), np.rint(sizes * (train + val))
        codes = np.empty(len(classes), np.uint8)
        codes[order] = (position >= train_end).astype(np.uint8) + (position >= val_end).astype(np.uint8)
        return StratifiedSplit(self._params, codes)

    def assign(self, rows: pl.DataFrame, first_row: int, seed: int) -> npt.NDArray[np.uint8]:  # noqa: ARG002  the survey knew it
        assert self._codes is not None, "a stratified split assigns after its survey"
        return self._codes[first_row : first_row + rows.height]


def _classes(rows: pl.DataFrame) -> npt.NDArray[np.uint64]:
    """A number for each row that is the same for rows of one class."""
    import numpy as np

    state = np.zeros(rows.height, np.uint64)
    for column in rows.iter_columns():
        state = mix64(state ^ hash_values(column.alias("values")))
    return state
