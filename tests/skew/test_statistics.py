"""Distances and their chances: against scipy, and on samples of which the truth is known."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

from ymltrain.skew.histogram import category_bins, number_bins
from ymltrain.skew.statistics import compare_counts, discoveries, kolmogorov_p, proportion_p, smallest_seen_share


def test_a_clean_sample_is_called_different_no_more_often_than_promised():
    """Of 400 pairs of samples of one distribution at most about one in a hundred has a chance below one per cent."""
    generator = np.random.default_rng(1)
    alarms = 0
    for _ in range(400):
        was, now = generator.normal(size=3_000), generator.normal(size=800)
        bins = number_bins(was)
        alarms += compare_counts(bins.count(pl.Series(was)), bins.count(pl.Series(now)), is_ordered=True).p_value < 0.01
    assert alarms <= 10


def test_one_value_beyond_a_large_training_set_is_no_change():
    """A window of a thousand has a new extreme now and then: clean windows alarm no more often for it."""
    generator = np.random.default_rng(8)
    was = generator.normal(size=80_000)
    bins = number_bins(was)
    reference = bins.count(pl.Series(was))
    windows = [bins.count(pl.Series(generator.normal(size=1_000))) for _ in range(300)]
    assert sum(counts[0] + counts[-2] > 0 for counts in windows) >= 4
    assert sum(compare_counts(reference, counts, is_ordered=True).p_value < 1e-3 for counts in windows) <= 2


def test_counts_of_stretches_are_those_of_each_alone():
    """All stretches of a column at once, the last one short, with values missing: numbers and categories."""
    draw = np.random.default_rng(9)
    numbers = pl.Series(draw.normal(size=1_050)).set(pl.Series(draw.random(1_050) < 0.1), None)
    words = pl.Series(draw.choice(["a", "b", "z"], 1_050)).set(pl.Series(draw.random(1_050) < 0.1), None)
    for bins, column in ((number_bins(draw.normal(size=300)), numbers), (category_bins(pl.Series(["a", "b"])), words)):
        found = bins.count_stretches(column, 100)
        assert found.tolist() == [bins.count(column[start : start + 100]).tolist() for start in range(0, 1_050, 100)]


@pytest.mark.parametrize("hits", [(0, 3), (40, 2), (5_000, 700), (100, 100)])
def test_the_chance_of_two_shares_is_that_of_scipy(hits):
    """Twice the smaller tail of the hypergeometric distribution, to eight digits."""
    (was, now), n, m = hits, 20_000, 3_000
    tails = stats.hypergeom(n + m, was + now, m)
    assert proportion_p(was, n, now, m) == pytest.approx(min(1, 2 * min(tails.sf(now - 1), tails.cdf(now))), rel=1e-8)


def test_the_distance_is_that_of_all_values_when_bins_are_fine():
    """KS over 64 quantile bins is close to the exact statistic of scipy."""
    generator = np.random.default_rng(2)
    was, now = generator.normal(size=20_000), generator.normal(0.2, 1, size=20_000)
    bins = number_bins(was)
    found = compare_counts(bins.count(pl.Series(was)), bins.count(pl.Series(now)), is_ordered=True)
    assert found.ks == pytest.approx(stats.ks_2samp(was, now).statistic, abs=0.01)
    assert found.p_value < 1e-6


def test_missing_values_are_part_of_the_distance():
    """A column of which 40 % went missing is 0.4 away, where other tools see nothing."""
    values = np.random.default_rng(3).normal(size=5_000)
    holes = values.copy()
    holes[::5] = np.nan
    holes[1::5] = np.nan
    bins = number_bins(values)
    found = compare_counts(bins.count(pl.Series(values)), bins.count(pl.Series(holes)), is_ordered=True)
    assert found.largest == pytest.approx(0.4, abs=0.02)


def test_values_beyond_training_have_a_bin_of_their_own():
    """Out of range on either side is counted apart, and infinities with the missing."""
    bins = number_bins(np.arange(100.0))
    counts = bins.count(pl.Series([-1.0, 5.0, 99.0, 100.0, float("inf"), None]))
    assert (counts[0], counts[-2], counts[-1], counts.sum()) == (1, 1, 2, 6)


def test_a_value_that_many_rows_share_has_a_bin_of_its_own():
    """Half of the rows at zero: the neighbours of zero do not fall into its bin."""
    values = np.concatenate([np.zeros(500), np.random.default_rng(4).uniform(0.1, 1, 500)])
    bins = number_bins(values)
    assert bins.assign(pl.Series([0.0]))[0] != bins.assign(pl.Series([0.05]))[0]


def test_unseen_and_missing_categories_are_counted_apart():
    """What training never had is not what is missing."""
    bins = category_bins(pl.Series(["a", "b", "b", None]))
    assert bins.count(pl.Series(["a", "b", "z", None, None], dtype=pl.String)).tolist() == [1, 1, 0, 1, 2]


def test_counts_of_parts_add_up_to_counts_of_the_whole():
    """Bins are fixed, so a log may be counted in any parts."""
    values = pl.Series(np.random.default_rng(5).normal(size=1_000))
    bins = number_bins(values.to_numpy())
    assert (bins.count(values[:300]) + bins.count(values[300:]) == bins.count(values)).all()


def test_discoveries_are_those_of_scipy():
    """Benjamini and Hochberg's procedure agrees with scipy's adjusted chances."""
    chances = np.random.default_rng(6).uniform(size=40) ** 3
    assert discoveries(chances.tolist(), 0.05) == (stats.false_discovery_control(chances) <= 0.05).tolist()


def test_the_chance_of_a_ks_distance_is_that_of_scipy():
    """Kolmogorov's limit with Stephens' correction is close to scipy's asymptotic chance."""
    assert kolmogorov_p(0.05, 2_000, 2_000) == pytest.approx(stats.kstwobign.sf(0.05 * np.sqrt(1_000)), rel=0.1)


def test_few_hits_are_judged_exactly():
    """No missing value of 40,000 in training and one of 1,000 in a log is a chance of some per cent, not of none."""
    assert 0.01 < proportion_p(0, 40_000, 1, 1_000) < 0.1
    assert proportion_p(0, 40_000, 10, 1_000) < 1e-10


def test_the_share_that_a_replay_sees():
    """Of 2,995 replayed records a fault in one of a thousand is met 19 times in 20."""
    assert smallest_seen_share(2_995) == pytest.approx(0.001, rel=0.01)
