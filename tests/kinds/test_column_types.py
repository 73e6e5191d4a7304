"""Which column type a column takes by itself."""

from __future__ import annotations

import polars as pl

from ymltrain.kinds.column_types import infer_column_types


class OnlyArrow:
    """A schema of some other library: it speaks Arrow and nothing else."""

    def __init__(self, schema: pl.Schema) -> None:
        self._schema = schema

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()


def test_types_by_arrow_type():
    """Numbers are numbers; text, booleans and categoricals categories; the rest has no type by itself."""
    numbers = {"int": pl.Int64, "small": pl.UInt8, "float": pl.Float32, "decimal": pl.Decimal(10, 2)}
    categories = {"text": pl.String, "flag": pl.Boolean, "categorical": pl.Categorical(), "enum": pl.Enum(["a"])}
    others = {"day": pl.Date, "when": pl.Datetime(), "list": pl.List(pl.Int8), "bytes": pl.Binary, "nothing": pl.Null}
    schema = pl.Schema({**numbers, **categories, **others})
    expected = dict.fromkeys(numbers, "number") | dict.fromkeys(categories, "category") | dict.fromkeys(others)
    assert infer_column_types(OnlyArrow(schema)) == expected
    assert list(infer_column_types(schema)) == list(schema)
