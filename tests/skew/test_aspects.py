"""What of times, texts and vectors is counted."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ymltrain.plan.shapes import Reading
from ymltrain.skew.aspect_tests import shifted_hours
from ymltrain.skew.aspects import find_aspects

READINGS = {name: Reading(type=kind) for name, kind in (("t", "timestamp"), ("x", "text"), ("v", "vector"))}


def office_hours(rows: int = 2_000, first: int = 9) -> list[datetime]:
    """Times between nine and five, of many days, hours of different weight."""
    draw = np.random.default_rng(1)
    hours = draw.choice(8, rows, p=[0.25, 0.2, 0.15, 0.1, 0.1, 0.1, 0.05, 0.05])
    return [
        datetime(2024, 1, 1, first) + timedelta(days=int(day), hours=int(hour))
        for day, hour in zip(draw.integers(0, 90, rows), hours, strict=True)
    ]


@pytest.fixture(scope="module")
def rows():
    """Train rows of a time, a text and a vector."""
    draw = np.random.default_rng(2)
    texts = [" ".join(draw.choice(["red", "Blue", "fast"], 3)) for _ in range(2_000)]
    return pl.DataFrame(
        {"t": office_hours(), "x": texts, "v": draw.normal(size=(2_000, 4)).tolist()},
        schema_overrides={"t": pl.Datetime("us", "UTC")},
    )


def test_each_value_is_measured_by_the_written_rule(rows):
    """Hours and weekdays by the clock, words by number and share known, vectors by length and direction; missing is missing."""
    aspects = find_aspects(rows, READINGS)
    odd = pl.DataFrame(
        {
            "t": pl.Series([datetime(2024, 3, 3, 5), None, datetime(2024, 3, 4, 23, 59)], dtype=pl.Datetime("us", "UTC")),
            "x": ["RED car, very fast", None, ""],
            "v": pl.Series([[3.0, 4.0], None, [1.0, 1.0, 1.0, 1.0, 9.0]], dtype=pl.List(pl.Float64)),
        }
    )
    measured = {name: aspect.measure(odd.get_column(aspect.column)).to_list() for name, aspect in aspects.items()}
    assert measured["t: hour of the day"] == ["05", None, "23"]
    assert measured["t: day of the week"] == ["7", None, "1"]
    assert measured["x: number of words"] == [4, None, 0]
    assert measured["x: share of words that training knows"] == [0.5, None, 1]
    assert measured["v: length of the vector"] == pytest.approx([5, None, 85**0.5])
    direction = aspects["v: place along a direction 1"].direction
    assert np.isclose(np.linalg.norm(direction), 1, atol=1e-5)
    along = measured["v: place along a direction 1"]
    assert along[0] == pytest.approx(3 * direction[0] + 4 * direction[1])
    assert along[1] is None
    assert along[2] == pytest.approx(sum(direction))


def test_dates_have_no_hours(rows):
    """A column of dates is compared by its weekdays alone."""
    dates = rows.with_columns(pl.col("t").dt.truncate("1d"))
    assert list(find_aspects(dates, {"t": READINGS["t"]})) == ["t: day of the week"]


@pytest.mark.parametrize("hours", [-5, 2, 8])
def test_a_clock_that_is_off_is_told_from_another_habit(rows, hours):
    """Hours that fit training after a turn name the turn; hours that fit nowhere name none."""
    aspect = find_aspects(rows, READINGS)["t: hour of the day"]
    turned = pl.Series(office_hours(first=9 + hours), dtype=pl.Datetime("us")).dt.replace_time_zone("UTC")
    assert shifted_hours(aspect, aspect.found.bins.count(aspect.measure(turned))) == hours
    flat = pl.Series([datetime(2024, 1, 1, hour) for hour in range(24)] * 80, dtype=pl.Datetime("us")).dt.replace_time_zone("UTC")
    assert shifted_hours(aspect, aspect.found.bins.count(aspect.measure(flat))) == 0
    assert shifted_hours(aspect, aspect.found.array) == 0
