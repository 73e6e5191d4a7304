"""Rows drawn for a profile while the data are prepared."""

from __future__ import annotations

import shutil
from dataclasses import replace

import polars as pl
import pytest

from ymltrain.builtin.datasource.parquet import ParquetParams, ParquetSource
from ymltrain.builtin.split.fractions import FractionParams
from ymltrain.builtin.split.hash import HashSplit
from ymltrain.data.cache import EncodedCache
from ymltrain.data.drawing import draw_rows
from ymltrain.data.prepare import prepare_data

from .conftest import ENCODERS, table_spec
from .test_prepare import WIDE, wide

MOST = 500


@pytest.fixture
def parts(tmp_path):
    """What prepares a table of more rows than are drawn, some of them without a target."""
    wide(40_000).write_parquet(tmp_path / "t.parquet")
    spec = replace(table_spec(WIDE), drawn_rows=MOST)
    encoders = {feature.column: ENCODERS[feature.type]() for feature in spec.features}
    return ParquetSource(ParquetParams(path=str(tmp_path / "t.parquet"))), HashSplit(FractionParams()), encoders, spec


def test_rows_drawn_on_the_way_are_those_of_a_pass_of_their_own(parts):
    """The same rows, as they were read, train and held out; those without a target in neither."""
    source, split, encoders, spec = parts
    drawn = prepare_data(source, split, encoders, spec).drawn()
    alone = draw_rows(source, split, spec, MOST)
    assert drawn.train.equals(alone.train)
    assert drawn.held_out.equals(alone.held_out)
    assert drawn.train_rows == alone.train_rows
    assert (drawn.train.height, drawn.held_out.height) == (MOST, MOST)
    assert drawn.train["y"].null_count() == 0


def test_the_cache_keeps_them_and_says_when_they_are_gone(parts, tmp_path):
    """A later run reads no table for its profile; a cleared cache is an OSError, upon which one reads it."""
    source, split, encoders, spec = parts
    cache = EncodedCache(tmp_path / "cache", "sha256:0")
    first = prepare_data(source, split, encoders, spec, cache)
    again = prepare_data(source, split, encoders, spec, EncodedCache(tmp_path / "cache", "sha256:0"))
    assert first.drawn().train.equals(again.drawn().train)
    assert first.drawn().held_out.equals(again.drawn().held_out)
    shutil.rmtree(tmp_path / "cache")
    with pytest.raises(OSError, match="drawn"):
        again.drawn()


def test_nothing_is_drawn_where_no_profile_is_wanted(parts):
    """A recipe without a profile keeps no raw rows."""
    source, split, encoders, spec = parts
    assert prepare_data(source, split, encoders, replace(spec, drawn_rows=0)).drawn is None


def test_train_rows_are_drawn_in_the_order_of_their_events(tmp_path):
    """`event_time` orders what is drawn of train though it is no feature, and the cache knows it; a row without a time undoes it."""
    days = pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 1, 1) + pl.duration(days=1_999), eager=True)
    rows = wide(2_000).with_columns(at=days.reverse())
    features = {"row": "number", **WIDE}
    spec = replace(table_spec(features), drawn_rows=MOST, event_time="at")
    encoders = {feature.column: ENCODERS[feature.type]() for feature in spec.features}
    source, split = ParquetSource(ParquetParams(path=str(tmp_path / "t.parquet"))), HashSplit(FractionParams())
    rows.write_parquet(tmp_path / "t.parquet")
    first, again = (
        prepare_data(source, split, encoders, spec, EncodedCache(tmp_path / "cache", "sha256:1")).drawn() for _ in range(2)
    )
    assert first.is_in_time_order
    assert again.is_in_time_order
    assert again.train.equals(first.train)
    assert first.train["row"].is_sorted(descending=True)
    assert first.train.columns == [*features, "y"]
    rows.with_columns(at=pl.when(pl.int_range(pl.len()) != 7).then(pl.col("at"))).write_parquet(tmp_path / "t.parquet")
    assert not draw_rows(source, split, spec, 2_000).is_in_time_order
