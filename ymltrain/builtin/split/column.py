"""Split `column`: a column of the data says where each row falls.

Written rule: a row whose value is one of `train`, `val` or `test` falls there; any other value, and none, is an error. A
split whose list is empty has no rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from ymltrain.api import ColumnRoles, DataError, Params, did_you_mean, plugin
from ymltrain.builtin.split.group import checked_columns

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl

Values = tuple[str, ...]


class ColumnParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: column`."""

    column: Annotated[str, Meta(min_length=1, description="The column that says where a row falls.")]
    train: Annotated[Values, Meta(min_length=1, description="Its values for rows that train.")] = ("train",)
    val: Annotated[Values, Meta(description="Its values for rows that compare epochs.")] = (
        "val",
        "valid",
        "validation",
    )
    test: Annotated[Values, Meta(description="Its values for rows of the one evaluation at the end; [] for none.")] = ("test",)

    def __post_init__(self) -> None:
        values = [*self.train, *self.val, *self.test]
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise ValueError(f'"{twice}" stands for more than one split, or twice')


@plugin("split", "column", params=ColumnParams)
class ColumnSplit:
    """Looks the value up."""

    def __init__(self, params: ColumnParams) -> None:
        self._params = params
        self._codes = {value: code for code, values in enumerate((params.train, params.val, params.test)) for value in values}

    @property
    def fractions(self) -> tuple[float, float, float]:
        """Usual shares, which the column may not keep; 0 for a split without values."""
        val, test = 0.1 * bool(self._params.val), 0.1 * bool(self._params.test)
        return 1 - val - test, val, test

    def columns(self, roles: ColumnRoles, available: Sequence[str]) -> Sequence[str]:  # noqa: ARG002  the param names it
        return checked_columns((self._params.column,), available, "column")

    def assign(self, rows: pl.DataFrame, first_row: int, seed: int) -> npt.NDArray[np.uint8]:  # noqa: ARG002  the column says all
        import polars as pl

        column = rows.to_series(0).alias("values").cast(pl.String)
        known = list(self._codes)
        codes = column.replace_strict(known, list(self._codes.values()), default=None, return_dtype=pl.UInt8)
        wrong = codes.is_null().arg_true()
        if wrong.len():
            value = column[wrong[0]]
            shown = "no value" if value is None else f'"{value}"'
            message = f'the split `column`: row {first_row + wrong[0] + 1} has {shown} in "{self._params.column}"'
            raise DataError("YT735", message, did_you_mean(str(value), known) + "; name every value in `train`, `val` or `test`")
        return codes.to_numpy(writable=True)
