"""Random numbers that belong to rows."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ymltrain.api import hash_rows

MASK = (1 << 64) - 1


def splitmix64(state: int, count: int) -> list[int]:
    """The published generator, one number at a time."""
    numbers = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        numbers.append(z ^ (z >> 31))
    return numbers


def test_it_is_splitmix64():
    """The numbers are those of splitmix64, started where the seed itself is scrambled to, for ever."""
    assert splitmix64(1234567, 2) == [6457827717110365317, 3203168211198807973]
    (start,) = splitmix64(7, 1)
    assert hash_rows(7, 0, 50).tolist() == splitmix64(start, 50)


@given(seed=st.integers(0, 2**53), first=st.integers(0, 2**40), count=st.integers(0, 200), cut=st.integers(0, 200))
def test_a_row_has_its_number_wherever_a_batch_begins(seed, first, count, cut):
    """Two batches give the numbers of one."""
    cut = min(cut, count)
    parts = np.concatenate([hash_rows(seed, first, cut), hash_rows(seed, first + cut, count - cut)])
    assert (hash_rows(seed, first, count) == parts).all()


def test_seeds_are_unrelated():
    """Neighbouring seeds share no number, at no shift, and every bit is set half of the time."""
    numbers = [hash_rows(seed, 0, 20_000) for seed in range(4)]
    assert len(np.unique(np.concatenate(numbers))) == 80_000
    bits = np.unpackbits(numbers[0].view(np.uint8)).reshape(-1, 64).mean(axis=0)
    assert (abs(bits - 0.5) < 0.02).all()
