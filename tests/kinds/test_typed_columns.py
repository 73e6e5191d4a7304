"""Booleans, timestamps and vectors from what tables hold."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from ymltrain.diagnostics import DataError
from ymltrain.kinds.typed_columns import read_column, read_moments
from ymltrain.plan.shapes import Reading


def read(values, column_type, dtype=None, **more):
    """Values as a column type reads them."""
    return read_column(pl.Series("values", values, dtype), "c", Reading(type=column_type, **more))


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([" Yes", "NO", None, "t"], pl.String),
        (["1", "0", None, "on"], pl.String),
        ([1, 0, None, 1], pl.Int8),
        ([1.0, 0.0, None, 1.0], pl.Float64),
        ([True, False, None, True], pl.Boolean),
    ],
)
def test_booleans(values, dtype):
    """Words, numbers and booleans alike."""
    assert read(values, "boolean", dtype).to_list() == [True, False, None, True]


def test_timestamps_are_moments_in_the_columns_zone():
    """Offsets are honoured, times without one are the zone's own, and what the clock skips is an hour later."""
    texts = [
        "2024-03-01",
        "2024-03-01T12:30",
        "2024-03-01 12:30:05.25+01:00",
        "2024-03-31 02:30",
        None,
        "2024-10-27T00:30Z",
        "2024-06-01 00:00-0530",
    ]
    moments = read(texts, "timestamp", time_zone="Europe/Berlin")
    assert moments.dtype == pl.Datetime("us", "Europe/Berlin")
    assert moments.dt.convert_time_zone("UTC").to_list() == [
        datetime(2024, 2, 29, 23, tzinfo=UTC),
        datetime(2024, 3, 1, 11, 30, tzinfo=UTC),
        datetime(2024, 3, 1, 11, 30, 5, 250_000, tzinfo=UTC),
        datetime(2024, 3, 31, 1, 30, tzinfo=UTC),
        None,
        datetime(2024, 10, 27, 0, 30, tzinfo=UTC),
        datetime(2024, 6, 1, 5, 30, tzinfo=UTC),
    ]


def test_typed_times_and_texts_agree():
    """A Parquet file's dates and times and a CSV file's texts of them are the same moments."""
    naive = [datetime(2024, 7, 1, 9), datetime(2024, 12, 1, 9)]
    texts = [moment.isoformat() for moment in naive]
    assert read(naive, "timestamp", time_zone="Asia/Tokyo").equals(read(texts, "timestamp", time_zone="Asia/Tokyo"))
    assert read([date(2024, 7, 1)], "timestamp").equals(read(["2024-07-01"], "timestamp"))
    assert read(["01.07.2024 09:00"], "timestamp", format="%d.%m.%Y %H:%M").equals(read(["2024-07-01 09:00"], "timestamp"))


def test_vectors():
    """Lists, arrays and JSON texts alike; a null within is 0."""
    assert read(["[1, 2.5, null]", None], "vector").to_list() == [[1.0, 2.5, 0.0], None]
    assert read([[1, 2], None], "vector", pl.List(pl.Int32)).to_list() == [[1.0, 2.0], None]
    assert read([[1, 2]], "vector", pl.Array(pl.Float32, 2)).to_list() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("values", "column_type", "code", "named"),
    [
        (["yes", "maybe", "perhaps"], "boolean", "YT728", '"maybe"'),
        ([0, 1, 2], "boolean", "YT728", '"2"'),
        (["2024-01-01", "soon"], "timestamp", "YT729", '"soon"'),
        (["2024-13-01"], "timestamp", "YT729", '"2024-13-01"'),
        (["[1]", "[2"], "vector", "YT730", '"[2"'),
    ],
)
def test_what_is_none_is_named(values, column_type, code, named):
    """The first value that cannot be read stands in the message."""
    with pytest.raises(DataError) as raised:
        read(values, column_type)
    assert raised.value.code == code
    assert named in raised.value.message


def test_moments_are_seconds():
    """Times and numbers as a split by time compares them."""
    assert read_moments(pl.Series("t", ["1970-01-02", None])).tolist()[0] == 86_400
    assert read_moments(pl.Series("t", ["3", "1"])).tolist() == [3.0, 1.0]
    assert read_moments(pl.Series("t", [datetime(1970, 1, 1, 1)])).tolist() == [3_600]
