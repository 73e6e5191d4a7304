"""Leakage that only the whole table shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ymltrain.api import DataError
from ymltrain.builtin.datasource.parquet import ParquetParams, ParquetSource
from ymltrain.builtin.split.fractions import FractionParams
from ymltrain.builtin.split.hash import HashSplit
from ymltrain.builtin.split.random import RandomSplit
from ymltrain.builtin.split.time import TimeParams, TimeSplit
from ymltrain.data.prepare import prepare_data
from ymltrain.plan.plan import FeatureSpec

from .conftest import ENCODERS, table_spec


def customers(rows: int = 2_000) -> pl.DataFrame:
    """Rows that differ, with a key of which each has four."""
    draw = np.random.default_rng(6)
    return pl.DataFrame({"key": np.arange(rows) // 4, "a": draw.normal(size=rows), "y": draw.normal(size=rows)})


def codes(prepared) -> list[str]:
    """The codes of what was found."""
    return [leak.code for leak in prepared.report.leaks]


def test_rows_that_stand_in_train_too_are_told(prepare):
    """A table in which some rows stand twice is told under a random split, with the remedy; a hash of the rows keeps twins together."""
    table = pl.concat([customers(), customers().head(300)])
    prepared = prepare(table, features={"a": "number"})
    assert codes(prepared) == ["YT744"]
    (warning,) = [text for text in prepared.report.warnings if "YT744" in text]
    assert "val and test rows equal a train row" in warning
    assert "split: hash" in warning
    (leak,) = prepared.report.leaks
    held_out = prepared.report.rows.val + prepared.report.rows.test
    assert 0 < leak.rows < held_out
    assert codes(prepare(table, HashSplit(FractionParams()), features={"a": "number"})) == []


def test_a_table_of_few_values_has_equal_rows_by_chance(prepare):
    """Where rows can hardly differ, equal ones say nothing."""
    draw = np.random.default_rng(7)
    table = pl.DataFrame({"a": draw.integers(0, 5, 2_000).astype(float), "y": draw.integers(0, 3, 2_000).astype(float)})
    assert codes(prepare(table, features={"a": "number"})) == []


def test_rows_of_one_key_in_several_splits_are_told(prepare):
    """Unless the split goes by the key."""
    assert codes(prepare(customers(), features={"a": "number"}, keys=["key"])) == ["YT745"]
    assert codes(prepare(customers(), HashSplit(FractionParams()), features={"a": "number"}, keys=["key"])) == []


def timed(tmp_path, lag_days: int, event_time: str | None = "sold"):
    """A table whose `a` is known some days after the event, prepared under a split by time."""
    sold = [datetime(2024, 1, 1) + timedelta(hours=hour) for hour in range(200)]
    known = [time + timedelta(days=lag_days if number == 150 else -1) for number, time in enumerate(sold)]
    table = pl.concat([customers(200).with_columns(sold=pl.Series(sold), known=pl.Series(known))])
    table.write_parquet(tmp_path / "t.parquet")
    feature = FeatureSpec(column="a", type="number", encoder="encoder.a", available_at="known")
    spec = replace(table_spec({"a": "number"}), features=(feature,), event_time=event_time)
    source = ParquetSource(ParquetParams(path=str(tmp_path / "t.parquet")))
    return prepare_data(source, TimeSplit(TimeParams(by="sold")), {"a": ENCODERS["number"]()}, spec)


def test_a_value_known_after_the_event_ends_it(tmp_path):
    """One row among many is enough, and is beyond what a sample may show; values known in time are fine."""
    assert codes(timed(tmp_path, -1)) == []
    with pytest.raises(DataError, match='"known" lies after "sold" in 1 rows') as raised:
        timed(tmp_path, 1)
    assert raised.value.code == "YT746"


def test_time_may_bring_what_was_seen_before(tmp_path):
    """Under a split by time equal rows, and keys that come again, are the world's doing."""
    table = pl.concat([customers(), customers().head(300)])
    table = table.with_columns(sold=pl.Series(range(table.height)))
    table.write_parquet(tmp_path / "t.parquet")
    source = ParquetSource(ParquetParams(path=str(tmp_path / "t.parquet")))
    spec = replace(table_spec({"a": "number"}, keys=["key"]), event_time="sold")
    assert codes(prepare_data(source, TimeSplit(TimeParams()), {"a": ENCODERS["number"]()}, spec)) == []
    assert codes(prepare_data(source, RandomSplit(FractionParams()), {"a": ENCODERS["number"]()}, spec)) == ["YT744", "YT745"]
