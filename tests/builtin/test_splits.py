"""Where the built-in splits put rows."""

from __future__ import annotations

import hashlib
import re
import struct

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymltrain.api import ColumnRoles
from ymltrain.builtin.split.fractions import FractionParams
from ymltrain.builtin.split.hash import HashSplit
from ymltrain.builtin.split.random import RandomSplit
from ymltrain.kinds import params_schema

ANY_CELL = st.one_of(st.none(), st.text(max_size=8), st.sampled_from(["1", "1.0", "-0", "1e400", "nan", "\x1f"]))
FRACTIONS = st.tuples(st.integers(1, 20), st.integers(0, 10), st.integers(0, 10)).map(
    lambda parts: FractionParams(train=parts[0] / sum(parts), val=parts[1] / sum(parts), test=parts[2] / sum(parts))
)


def test_defaults():
    """Eight in ten rows train, one validates, one tests."""
    assert FractionParams().fractions == (0.8, 0.1, 0.1)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"train": 0.9}, "train 0.9, val 0.1 and test 0.1 add up to 1.1, not to 1"),
        ({"train": 0.5, "val": 0.2, "test": 0.2}, "add up to 0.9"),
        ({"train": 0.0, "val": 0.5, "test": 0.5}, "> 0.0"),
        ({"train": 1.2, "val": -0.1, "test": -0.1}, "<= 1.0"),
        ({"train": 0.9, "val": 0.2, "test": -0.1}, ">= 0.0"),
        ({"training": 0.9}, "unknown field"),
    ],
)
def test_fractions_that_cannot_be(params, message):
    """Shares out of range, or that do not add up to 1, do not pass; the message shows the sum."""
    with pytest.raises(msgspec.ValidationError, match=re.escape(message)):
        msgspec.convert(params, FractionParams)


def test_fractions_add_up_to_a_millionth():
    """Thirds, which no float holds, pass."""
    assert msgspec.convert({"train": 0.3333333, "val": 0.3333333, "test": 0.3333334}, FractionParams)
    assert params_schema(FractionParams)["properties"]["train"]["exclusiveMinimum"] == 0


@given(params=FRACTIONS, seed=st.integers(0, 2**53 - 1), cells=st.lists(ANY_CELL, max_size=40), first=st.integers(0, 10**9))
def test_every_row_falls_somewhere_it_may(params, seed, cells, first):
    """Whatever rows hold and whatever the shares, each row gets one split, and none with a share of 0."""
    rows = pl.DataFrame({"a": pl.Series(cells, dtype=pl.String), "*": pl.Series(cells, dtype=pl.String)})
    for split in (RandomSplit(params), HashSplit(params)):
        codes = split.assign(rows, first, seed)
        assert codes.shape == (len(cells),)
        assert all(params.fractions[code] > 0 for code in codes.tolist())


@given(cells=st.lists(ANY_CELL, min_size=1, max_size=40), seed=st.integers(0, 2**53 - 1), data=st.data())
def test_hash_follows_the_values(cells, seed, data):
    """A row keeps its split when the table is put into another order, and equal rows share theirs."""
    order = data.draw(st.permutations(range(len(cells))))
    rows = pl.DataFrame({"a": pl.Series(cells, dtype=pl.String)})
    split = HashSplit(FractionParams())
    codes = split.assign(rows, 0, seed)
    assert (split.assign(rows[order], 0, seed) == codes[order]).all()
    assert all(len({code for cell, code in zip(cells, codes, strict=True) if cell == value}) == 1 for value in cells)


def test_random_follows_the_row_number():
    """The random split looks at no column: other values leave every row where it is."""
    split = RandomSplit(FractionParams())
    assert list(split.columns(ColumnRoles(keys=("a",)), ["a", "b"])) == []
    one, other = pl.DataFrame({"a": range(1000)}), pl.DataFrame({"a": ["x"] * 1000})
    assert (split.assign(one, 0, 7) == split.assign(other, 0, 7)).all()


def test_hash_looks_at_keys_or_the_whole_row():
    """With keys only they count, without keys every column does."""
    split = HashSplit(FractionParams())
    assert list(split.columns(ColumnRoles(keys=("b",)), ["a", "b", "c"])) == ["b"]
    assert list(split.columns(ColumnRoles(), ["a", "b", "c"])) == ["a", "b", "c"]


@pytest.mark.parametrize("split", [RandomSplit, HashSplit])
def test_the_seed_makes_another_split(split):
    """With another seed rows fall elsewhere, as often as chance has it."""
    rows = pl.DataFrame({"id": range(20_000)})
    codes = [split(FractionParams(train=0.5, val=0.25, test=0.25)).assign(rows, 0, seed) for seed in (1, 2)]
    assert abs((codes[0] == codes[1]).mean() - (0.5**2 + 2 * 0.25**2)) < 0.02


def test_hash_reads_a_number_however_it_is_written():
    """Typed numbers, their text in any notation, and -0 beside 0 are one value; text that is no number is another."""
    rows = pl.DataFrame({"id": [float(n) for n in range(300)]})
    texts = [
        rows,
        rows.cast(pl.Int32),
        rows.select(pl.col("id").cast(pl.Int64).cast(pl.String)),
        rows.cast(pl.String),
        rows.select(pl.format("00{}e0", pl.col("id").cast(pl.Int64))),
        rows * -1 * -1,
        rows.with_columns(pl.when(pl.col("id") == 0).then(-0.0).otherwise(pl.col("id")).alias("id")),
    ]
    split = HashSplit(FractionParams(train=0.4, val=0.3, test=0.3))
    codes = [split.assign(text, 0, 7).tolist() for text in texts]
    assert all(code == codes[0] for code in codes)
    assert split.assign(rows.select(pl.format("n{}", "id")), 0, 7).tolist() != codes[0]


def test_nan_and_null_are_one_to_the_hash():
    """A missing value is a missing value, in a float column or in text."""
    split = HashSplit(FractionParams())
    rows = [
        pl.DataFrame({"a": pl.Series([value], dtype=dtype)})
        for value, dtype in ((None, pl.Float64), (float("nan"), pl.Float64), (None, pl.String))
    ]
    for seed in range(50):
        assert len({int(split.assign(row, 0, seed)[0]) for row in rows}) == 1


def test_splits_never_change():
    """The splits of these rows are pinned: a library, a machine or a change of ours that moves a row fails here."""
    rows = pl.DataFrame({"id": [1, 2, 3, None, 5] * 8, "name": ["a", "é", None, "1e3", "x\n"] * 8, "n": range(40)})
    params = FractionParams(train=0.4, val=0.3, test=0.3)
    assert "".join(map(str, RandomSplit(params).assign(rows, 1000, 7))) == "2201100111101101120002100200221201022220"
    assert "".join(map(str, HashSplit(params).assign(rows, 1000, 7))) == "2012100012201002221020001210100111020122"


def test_the_hash_is_as_written_down():
    """The written rule, followed by hand with the standard library, gives the split."""

    def mix(state):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB % 2**64
        return state ^ (state >> 31)

    def value_hash(value):
        if value is None:
            return 0
        if isinstance(value, float):
            return mix(struct.unpack("<Q", struct.pack("<d", value))[0])
        return int.from_bytes(hashlib.blake2b(value.encode(), digest_size=8).digest(), "little")

    cells = [(1.0, "a"), (-2.5, None), (None, "é\n"), (1e300, ""), *((float(n), f"row {n}") for n in range(50))]
    seed, params = 12345, FractionParams(train=0.4, val=0.3, test=0.3)
    expected = []
    for cell in cells:
        state = seed
        for value in cell:
            state = mix(mix(state) ^ value_hash(value))
        share = mix(state) / 2**64
        expected.append(0 if share < 0.4 else 1 if share < 0.7 else 2)
    rows = pl.DataFrame({"x": [x for x, _ in cells], "name": [name for _, name in cells]})
    assert HashSplit(params).assign(rows, 0, seed).tolist() == expected


def test_shares_of_many_rows():
    """Of 200,000 rows each split gets its share to a third of a percent."""
    rows = pl.DataFrame({"id": range(200_000)})
    for split in (RandomSplit(FractionParams()), HashSplit(FractionParams())):
        shares = np.bincount(split.assign(rows, 0, 3)) / 200_000
        assert abs(shares - np.array([0.8, 0.1, 0.1])).max() < 0.003
