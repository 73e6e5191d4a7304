"""Which column type the columns of a table take when a recipe does not say: numbers and text, nothing else.

Integers, floats and decimals are `number`; text, booleans and categoricals are `category`. Any other type (dates,
nested values, a column with no value at all) has no column type of its own and is left for the recipe to name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ymltrain.kinds.contracts import ArrowSchema, ColumnType

if TYPE_CHECKING:
    import polars as pl


def infer_column_types(schema: ArrowSchema) -> dict[str, ColumnType | None]:
    """The column type of every column of an Arrow schema, in its order; None where there is no evident one."""
    import polars as pl

    return {name: _column_type(dtype) for name, dtype in pl.Schema(schema).items()}


def _column_type(dtype: pl.DataType) -> ColumnType | None:
    import polars as pl

    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, pl.String | pl.Boolean | pl.Categorical | pl.Enum):
        return "category"
    return None
