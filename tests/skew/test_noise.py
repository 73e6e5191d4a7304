"""How far stretches of the training data are from all of it: what a profile holds of it, and what a check makes of that."""

import polars as pl
import pytest

from ymltrain.skew.check import Question, check
from ymltrain.skew.log import log_files
from ymltrain.skew.reference import ProfileRows, make_profile

STRETCHES, ROWS = 12, 2_400


@pytest.fixture(scope="module")
def rows(diamonds):
    """Rows in an order of time in which one cut comes after another and `table` does not change."""
    rows = diamonds.rows.sample(ROWS, seed=8).sort("cut", maintain_order=True)
    rows = rows.with_columns(rows["table"].shuffle(seed=1))
    return rows.with_columns(diamonds.predictor.predict_rows(rows)["prediction"].alias("price"))


@pytest.fixture(scope="module")
def profiles(diamonds, rows):
    """Their profile, made with and without that order being known."""
    return {known: make_profile(diamonds.predictor, ProfileRows(rows, rows, is_in_time_order=known), "") for known in (True, False)}


def total_variation(one, other):
    """Half the sum of the differences of shares, as the books have it."""
    shares = [frame.group_by("cut").agg(pl.len() / frame.height) for frame in (one, other)]
    both = shares[0].join(shares[1], on="cut", how="full", coalesce=True).fill_null(0.0)
    return float((both.to_series(1) - both.to_series(2)).abs().sum() / 2)


def test_the_noise_of_each_column_is_in_the_profile(profiles, rows):
    """Mean and deviation over the stretches without what chance does; of a column that time does not move, next to nothing."""
    noise = profiles[True].noise
    assert noise.keys() == profiles[True].features.keys()
    assert {found.rows for found in noise.values()} == {ROWS // STRETCHES}
    size = ROWS // STRETCHES
    by_time = pl.Series([total_variation(rows, rows.slice(start, size)) for start in range(0, ROWS, size)])
    by_chance = pl.Series([total_variation(rows, rows.sample(size, seed=seed)) for seed in range(200)])
    assert noise["cut"].mean == pytest.approx(by_time.mean() - by_chance.mean(), abs=0.02)
    assert noise["cut"].deviation == pytest.approx((by_time.var(0) - by_chance.var(0)) ** 0.5, abs=0.01)
    assert noise["table"].mean < 0.03
    assert profiles[False].noise == {}


def test_a_log_that_is_as_far_as_stretches_of_training_were_is_no_drift(diamonds, profiles, write_log):
    """One cut alone was common for weeks of the training data; only wide tables never were."""
    logs = {
        "cut": write_log(diamonds.records(diamonds.rows.filter(pl.col("cut") == "Premium").head(1_000)), "cut.jsonl"),
        "table": write_log(diamonds.records(diamonds.rows.filter(pl.col("table") > 58).head(1_000)), "table.jsonl"),
    }

    def told(known, log):
        report = check(diamonds.predictor, profiles[known], Question(files=log_files([logs[log]]))).report
        return {found.feature for found in report.findings}

    assert "cut" in told(known=False, log="cut")
    assert "cut" not in told(known=True, log="cut")
    assert "table" in told(known=True, log="table")
