"""Which column type the columns of a table take when a recipe does not say.

By a column's own type: integers, floats and decimals are `number`, booleans `boolean`, dates and times `timestamp`, lists
of numbers `vector`, categoricals `category`. Text is looked at in the sample: all of it true and false words, both of
them, is `boolean`; all of it ISO 8601 times, `timestamp`; all of it JSON lists of numbers, `vector`; text of
`MANY_WORDS` words on average with hardly a repetition, `text`; all else `category`. Any other type (nested values, bytes,
a column with no value at all) has no column type of its own and is left for the recipe to name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ymltrain.kinds.typed_columns import FALSE_WORDS, ISO_8601, TRUE_WORDS
from ymltrain.plan.shapes import ColumnType

if TYPE_CHECKING:
    import polars as pl

MANY_WORDS = 4.0
DISTINCT_TEXTS = 0.5
JSON_LIST = r"^\s*\[\s*-?[0-9][-+0-9.eE,\s]*\]\s*$"


def infer_column_types(sample: pl.DataFrame) -> dict[str, ColumnType | None]:
    """The column type of every column of a sample, in its order; None where there is no evident one."""
    return {column.name: infer_column_type(column.alias("values")) for column in sample.iter_columns()}


def infer_column_type(column: pl.Series) -> ColumnType | None:
    """The column type of one column, from its Arrow type and, of text, its values."""
    import polars as pl

    dtype = column.dtype
    if dtype.is_numeric():
        return "number"
    if dtype == pl.Boolean:
        return "boolean"
    if isinstance(dtype, pl.Datetime | pl.Date):
        return "timestamp"
    if isinstance(dtype, pl.List | pl.Array) and dtype.inner.is_numeric():
        return "vector"
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return "category"
    return _text_type(column.drop_nulls()) if dtype == pl.String else None


def _text_type(text: pl.Series) -> ColumnType:
    if not text.len():
        return "category"
    words = set(text.str.strip_chars().str.to_lowercase().unique().to_list())
    if words <= {*TRUE_WORDS, *FALSE_WORDS} and words & set(TRUE_WORDS) and words & set(FALSE_WORDS):
        return "boolean"
    if text.str.contains(ISO_8601).all():
        return "timestamp"
    if text.str.contains(JSON_LIST).all():
        return "vector"
    count = text.str.count_matches(r"\w+").mean()
    if isinstance(count, float) and count >= MANY_WORDS and text.n_unique() >= DISTINCT_TEXTS * text.len():
        return "text"
    return "category"
