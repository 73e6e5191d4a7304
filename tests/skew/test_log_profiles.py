"""Profiles of logs: counted once, added up, checked without records."""

import msgspec
import numpy as np
import pytest

from ymltrain.diagnostics import DataError
from ymltrain.serving.stamp import stamp_of
from ymltrain.skew.check import Question, check
from ymltrain.skew.log import log_files, read_log
from ymltrain.skew.log_profile import LogProfile, merge_profiles, write_log_profile
from ymltrain.skew.summary import Inputs, summarise_log


def profile_of(diamonds, path) -> LogProfile:
    """A log's profile."""
    bundle = stamp_of(diamonds.predictor.contract).bundle
    return summarise_log(read_log(log_files([path])), Inputs(bundle, diamonds.predictor.columns), diamonds.profile, 0).profile


def test_profiles_of_parts_add_up_to_that_of_the_whole(diamonds, write_log):
    """Counts of every column, prediction and stamp are the same; first rows are counted on."""
    records = diamonds.records(count=900)
    records[700]["inputs"]["x"] = "text"
    whole = profile_of(diamonds, write_log(records, "whole.jsonl"))
    parts = [profile_of(diamonds, write_log(records[start : start + 300], f"{start}.jsonl")) for start in (0, 300, 600)]
    merged = merge_profiles(parts)
    assert (merged.features, merged.prediction, merged.rows) == (whole.features, whole.prediction, whole.rows)
    assert (merged.fields["x"].wrong_type, merged.versions) == (whole.fields["x"].wrong_type, whole.versions)
    assert merged.stretches[-1].first_row > 600


def test_a_profile_outlives_the_disk_and_is_checked_without_records(diamonds, write_log):
    """Drift is found from counts alone; what needs records is said not to have run."""
    rows = diamonds.rows.filter(diamonds.rows["carat"] > 1).sample(2_000, seed=1)
    profile = profile_of(diamonds, write_log(diamonds.records(rows)))
    again = msgspec.json.decode(write_log_profile(profile), type=LogProfile)
    assert again == profile
    report = check(diamonds.predictor, diamonds.profile, Question(profile=again)).report
    assert report.verdict == "drift"
    assert "carat" in {found.feature for found in report.findings}
    assert {run.skew_class for run in report.checks if not run.ran} >= {"transform", "numeric"}


def test_profiles_of_different_bundles_do_not_add_up(diamonds, write_log):
    """Bins of another bundle are other bins."""
    profile = profile_of(diamonds, write_log(diamonds.records(count=10)))
    with pytest.raises(DataError, match="different bundles"):
        merge_profiles([profile, msgspec.structs.replace(profile, bundle="sha256:other")])


def test_a_bundles_profile_is_small_and_holds_no_rows(diamonds):
    """Tens of kilobytes, and no value of a row but the edges of bins."""
    path = diamonds.folder / "profile.json"
    assert path.stat().st_size < 60_000
    assert diamonds.profile.rows > 40_000
    assert np.isclose(sum(diamonds.profile.features["carat"].counts), diamonds.profile.rows)
