"""Which column type a column takes by itself."""

from __future__ import annotations

import polars as pl
import pytest

from ymltrain.kinds.column_types import infer_column_types


def test_types_by_arrow_type():
    """Numbers, booleans, times and lists of numbers are what they are; categoricals categories; the rest has no type by itself."""
    types = {
        "number": {"int": pl.Int64, "small": pl.UInt8, "float": pl.Float32, "decimal": pl.Decimal(10, 2)},
        "boolean": {"flag": pl.Boolean},
        "timestamp": {"day": pl.Date, "when": pl.Datetime("us", "Europe/Berlin")},
        "vector": {"list": pl.List(pl.Int8), "array": pl.Array(pl.Float32, 3)},
        "category": {"text": pl.String, "categorical": pl.Categorical(), "enum": pl.Enum(["a"])},
        None: {"bytes": pl.Binary, "nothing": pl.Null, "record": pl.Struct({"a": pl.Int8}), "texts": pl.List(pl.String)},
    }
    schema = {name: dtype for columns in types.values() for name, dtype in columns.items()}
    expected = {name: column_type for column_type, columns in types.items() for name in columns}
    assert infer_column_types(pl.DataFrame(schema=schema)) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["yes", "No", None, " YES "], "boolean"),
        (["t", "f"], "boolean"),
        (["yes", "yes"], "category"),  # one word says nothing of the other
        (["yes", "no", "maybe"], "category"),
        (["2024-03-01", "2024-03-01T12:30:00Z", None], "timestamp"),
        (["2024-03-01", "soon"], "category"),
        (["[1, 2.5]", "[3,4]"], "vector"),
        (["[a]", "[b]"], "category"),
        (["this diamond shines very bright", "that one is rather dull I fear"], "text"),
        (["a value of four words"] * 10, "category"),  # repeated as categories are
        (["007", "008"], "category"),
        ([None, None], "category"),
    ],
)
def test_text_is_looked_at(values, expected):
    """What all values of a text column are, it is."""
    assert infer_column_types(pl.DataFrame({"a": pl.Series(values, dtype=pl.String)})) == {"a": expected}
