"""Mean and standard deviation of a stream."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ymltrain.api import Moments, RunningMoments


def moments_of(values: np.ndarray, size: int) -> Moments:
    """The moments of a stream that arrives in arrays of this size."""
    running = RunningMoments()
    for start in range(0, len(values), size):
        running.update(values[start : start + size])
    return running.finish()


@settings(max_examples=60)
@given(
    seed=st.integers(0, 1000),
    count=st.integers(1, 60_000),
    size=st.integers(100, 70_000),
    scale=st.sampled_from([1e-150, 1e-3, 1, 1e9, 1e130]),
    offset=st.sampled_from([0, 1, 1e6]),
)
def test_how_the_stream_is_cut_does_not_matter(seed, count, size, scale, offset):
    """Arrays of any size give the same moments to the last bit, and they are right."""
    values = (np.random.default_rng(seed).normal(size=count) + offset) * scale
    moments = moments_of(values, size)
    assert moments == moments_of(values, count)
    assert moments.mean == pytest.approx(values.mean(), rel=1e-9, abs=1e-9 * scale)
    if count > 1 and scale > 1e-100:
        assert moments.std == pytest.approx((values / scale).std() * scale, rel=1e-6)


def test_a_large_offset_does_not_cancel():
    """Numbers far from 0 that lie close together keep their spread, where a sum of squares would lose it."""
    values = np.array([1e9 + n % 3 for n in range(50_000)])
    assert moments_of(values, 1000).std == pytest.approx(statistics.pstdev([n % 3 for n in range(50_000)]), rel=1e-9)


@pytest.mark.parametrize(
    ("values", "mean", "std"),
    [
        ([], 0, 1),
        ([0.1] * 50_000, 0.1, 1),
        ([1.7e308], 1.7e308, 1),
        ([5e-324, 0.0], 0, 1),
        ([1e300, -1e300], 0, 1e140),
    ],
)
def test_written_rules(values, mean, std):
    """Nothing, one value only, a spread too small and numbers too large have moments that can be divided by."""
    assert moments_of(np.array(values, np.float64), 7) == Moments(mean=mean, std=std)
