"""Split `time`: the earliest rows train, later ones validate, the latest test, as the model will be used.

Written rules: `by` names the column of times (the recipe's `event_time` where it is not written), read as a `timestamp` is,
or as numbers when all are. Shares are those of rows in order of time; rows of one moment fall together, into the later
split. Instead of shares, `val_from` and `test_from` name the moments from which rows validate and test. A row without a time
is an error: nobody knows whether it lies in the future.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from ymltrain.api import ColumnRoles, DataError, plugin, read_moments
from ymltrain.builtin.split.fractions import FractionParams
from ymltrain.builtin.split.group import checked_columns

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

Moment = Annotated[str, Meta(min_length=1)]


class TimeParams(FractionParams, frozen=True, kw_only=True):
    """What a recipe may write beside `type: time`."""

    by: Annotated[str, Meta(min_length=1, description="The column of times; event_time by default.")] | None = None
    val_from: Annotated[str, Meta(min_length=1, description="The moment from which rows validate.")] | None = None
    test_from: Annotated[str, Meta(min_length=1, description="The moment from which rows test.")] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.val_from is None) != (self.test_from is None):
            raise ValueError("write both `val_from` and `test_from`, or neither; equal ones leave the val split empty")


@plugin("split", "time", params=TimeParams)
class TimeSplit:
    """Looks at all times for the moments between the splits."""

    def __init__(self, params: TimeParams, edges: tuple[float, float] | None = None) -> None:
        self._params = params
        self._edges = edges

    @property
    def fractions(self) -> tuple[float, float, float]:
        """The shares; those of moments are not known ahead, but for an empty val split."""
        params = self._params
        if params.val_from is None:
            return params.fractions
        return (0.8, 0.0, 0.2) if params.val_from == params.test_from else (0.8, 0.1, 0.1)

    def columns(self, roles: ColumnRoles, available: Sequence[str]) -> Sequence[str]:
        name = self._params.by or roles.event_time
        if name is None:
            raise DataError("YT733", "the split `time` goes by no column", "write `event_time: COLUMN` in the recipe")
        return checked_columns((name,), available, "time")

    def survey(self, tables: Iterator[pl.DataFrame], seed: int) -> TimeSplit:  # noqa: ARG002  time leaves nothing to chance
        """The split that knows the moments between the splits."""
        import numpy as np
        import polars as pl

        if self._params.val_from is not None:
            given = pl.Series("val_from and test_from", [self._params.val_from, self._params.test_from])
            val, test = (float(moment) for moment in read_moments(given))
            return TimeSplit(self._params, (val, test))
        moments = np.sort(np.concatenate([np.empty(0), *(_moments(table) for table in tables)]))
        if not len(moments):
            return TimeSplit(self._params, (np.inf, np.inf))
        train, val, test = self._params.fractions
        ends = [moments[min(round(share * len(moments)), len(moments) - 1)] for share in (train, train + val)]
        return TimeSplit(self._params, (float(ends[0]) if val or test else np.inf, float(ends[1]) if test else np.inf))

    def assign(self, rows: pl.DataFrame, first_row: int, seed: int) -> npt.NDArray[np.uint8]:  # noqa: ARG002  the survey knew it
        import numpy as np

        assert self._edges is not None, "a split by time assigns after its survey"
        moments = _moments(rows)
        val, test = self._edges
        return (moments >= val).astype(np.uint8) + (moments >= test).astype(np.uint8)


def _moments(rows: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Seconds since 1970, or the numbers that stand there. Raises DataError where one is missing."""
    import numpy as np

    column = rows.to_series(0)
    moments = read_moments(column)
    is_missing = np.isnan(moments)
    if is_missing.any():
        message = f'the split `time`: {int(is_missing.sum()):,} rows have no time in "{column.name}"'
        raise DataError("YT734", message, "leave these rows out of the data, or give them a time")
    return moments
