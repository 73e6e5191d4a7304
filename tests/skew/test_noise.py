"""How far stretches of the training data are from all of it: what a profile holds of it, and what a check makes of that."""

import pytest

from ymltrain.skew.check import Question, check
from ymltrain.skew.log import log_files
from ymltrain.skew.reference import ProfileRows, make_profile

STRETCHES, ROWS = 12, 2_400


@pytest.fixture(scope="module")
def profiles(diamonds):
    """Profiles of rows in an order of time in which `carat` rises and `depth` stays, with and without that order being known."""
    rows = diamonds.rows.sample(ROWS, seed=8).sort("carat")
    rows = rows.with_columns(diamonds.predictor.predict_rows(rows)["prediction"].alias("price"))
    return {known: make_profile(diamonds.predictor, ProfileRows(rows, rows, is_in_time_order=known), "") for known in (True, False)}


def test_the_noise_of_each_column_is_in_the_profile(profiles):
    """Of a column that rises all the time it is that of the parts of a sorted list; of one that time does not move, nothing."""
    noise = profiles[True].noise
    assert noise.keys() == profiles[True].features.keys()
    assert {found.rows for found in noise.values()} == {ROWS // STRETCHES}
    apart = [max(part, STRETCHES - 1 - part) / STRETCHES for part in range(STRETCHES)]  # Kolmogorov and Smirnov's distance
    mean = sum(apart) / STRETCHES
    deviation = (sum((one - mean) ** 2 for one in apart) / STRETCHES) ** 0.5
    assert noise["carat"].mean == pytest.approx(mean, abs=0.12)
    assert noise["carat"].deviation == pytest.approx(deviation, abs=0.04)
    assert noise["depth"].mean < 0.03
    assert profiles[False].noise == {}


def test_a_log_that_is_as_far_as_stretches_of_training_were_is_no_drift(diamonds, profiles, write_log):
    """Half of the carats move as far within training; half of the depths do not."""
    carats = write_log(diamonds.records(diamonds.rows.sort("carat").tail(diamonds.rows.height // 2).sample(1_000, seed=1)), "carat.jsonl")
    depths = write_log(diamonds.records(diamonds.rows.sort("depth").tail(diamonds.rows.height // 2).sample(1_000, seed=1)), "depth.jsonl")
    told = {
        (known, path.stem): {found.feature for found in check(diamonds.predictor, profile, Question(files=log_files([path]))).report.findings}
        for known, profile in profiles.items()
        for path in (carats, depths)
    }
    assert "carat" in told[False, "carat"]
    assert "carat" not in told[True, "carat"]
    assert "depth" in told[True, "depth"]
