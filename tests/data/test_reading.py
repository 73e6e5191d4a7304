"""Columns as the types a recipe gives them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from ymltrain.data import reading
from ymltrain.data.reading import finite_or_null
from ymltrain.diagnostics import DataError
from ymltrain.kinds.typed_columns import is_readable
from ymltrain.plan.shapes import Reading


def read_rows(frame, types):
    """A frame's columns, read as these types."""
    return reading.read_rows(frame, {name: Reading(type=column_type) for name, column_type in types.items()})


NAN, INF = float("nan"), float("inf")


class OnlyArrow:
    """A table of some other library: it speaks Arrow and nothing else."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    ("values", "dtype", "read"),
    [
        ([1, None, -3], pl.Int8, [1.0, None, -3.0]),
        ([2**53 + 1], pl.Int64, [2.0**53]),
        ([0.5, None, NAN, INF], pl.Float32, [0.5, None, NAN, INF]),
        ([Decimal("1.10"), None], pl.Decimal(5, 2), [1.1, None]),
        ([None, None], pl.Null, [None, None]),
    ],
)
def test_numbers(values, dtype, read):
    """Every kind of number becomes a float64; NaN and infinities stay as they are."""
    rows = read_rows(pl.DataFrame({"a": pl.Series(values, dtype=dtype)}), {"a": "number"})
    assert rows.get_column("a").equals(pl.Series("a", read, pl.Float64), null_equal=True)


@pytest.mark.parametrize(
    ("values", "dtype", "read"),
    [
        (["007", " x ", "", None], pl.String, ["007", " x ", "", None]),
        ([1, None, -3], pl.Int64, ["1", None, "-3"]),
        ([1.0, 0.1, 1e16, 1e-7, -0.0, None, NAN, INF], pl.Float64, ["1.0", "0.1", "1e+16", "1e-07", "-0.0", None, None, "inf"]),
        ([0.1], pl.Float32, ["0.1"]),
        ([True, False, None], pl.Boolean, ["true", "false", None]),
        (["b", None], pl.Categorical(), ["b", None]),
        (["b", None], pl.Enum(["a", "b"]), ["b", None]),
        ([dt.date(2024, 2, 29)], pl.Date, ["2024-02-29"]),
        ([None], pl.Null, [None]),
    ],
)
def test_categories(values, dtype, read):
    """Every kind of value has one text."""
    rows = read_rows(pl.DataFrame({"a": pl.Series(values, dtype=dtype)}), {"a": "category"})
    assert rows.get_column("a").dtype == pl.String
    assert rows.get_column("a").to_list() == read


@pytest.mark.parametrize(
    ("values", "column_type"),
    [
        (["1", "2"], "number"),
        ([True], "number"),
        ([dt.date(2024, 1, 1)], "number"),
        ([[1]], "category"),
        ([b"x"], "category"),
        ([{"a": 1}], "category"),
    ],
)
def test_types_that_do_not_fit(values, column_type):
    """Text is not taken for numbers, nor a nested or binary value for a category; the column is named."""
    with pytest.raises(DataError, match=f'column "a b" holds .* a {column_type}') as caught:
        read_rows(pl.DataFrame({"a b": values}), {"a b": column_type})
    assert caught.value.code == "YT707"


def test_a_missing_column_is_named():
    """A batch without a column is an error that offers the nearest."""
    with pytest.raises(DataError, match='no column "crat"') as caught:
        read_rows(pl.DataFrame({"carat": [1], "cut": ["a"]}), {"crat": "number"})
    assert (caught.value.code, caught.value.hint) == ("YT705", 'did you mean "carat"?')


def test_any_library_and_any_name():
    """Whatever speaks Arrow is read, and columns may be called anything."""
    names = ["*", "^a$", "", "type", "a.b", 'x"y', "é"]
    frame = pl.DataFrame({name: [number] for number, name in enumerate(names)})
    rows = read_rows(OnlyArrow(frame), dict.fromkeys(reversed(names), "category"))
    assert rows.columns == names[::-1]
    assert rows.row(0) == tuple(str(number) for number in reversed(range(len(names))))


def test_finite_or_null():
    """NaN and infinities become nulls, and nothing else changes."""
    assert finite_or_null(pl.Series([1.0, None, NAN, INF, -INF])).to_list() == [1.0, None, None, None, None]
    assert finite_or_null(pl.Series(["nan", None])).to_list() == ["nan", None]


def test_what_can_be_read():
    """What can be read as a category is what is offered to a split."""
    readable = (
        pl.Int8,
        pl.Float32,
        pl.Decimal(5, 2),
        pl.String,
        pl.Boolean,
        pl.Categorical(),
        pl.Null,
        pl.Date,
        pl.Datetime(),
        pl.Time,
    )
    assert all(is_readable(pl.Series([], dtype=dtype).dtype) for dtype in readable)
    assert not any(
        is_readable(pl.Series([], dtype=dtype).dtype)
        for dtype in (pl.List(pl.Int8), pl.Binary, pl.Duration(), pl.Struct({"a": pl.Int8}))
    )
