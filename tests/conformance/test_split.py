"""The built-in splits pass the kit; splits that break the contract do not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from ymltrain.builtin.split.column import ColumnParams, ColumnSplit
from ymltrain.builtin.split.fractions import FractionParams
from ymltrain.builtin.split.group import GroupParams, GroupSplit
from ymltrain.builtin.split.hash import HashSplit
from ymltrain.builtin.split.random import RandomSplit
from ymltrain.builtin.split.stratified import StratifiedParams, StratifiedSplit
from ymltrain.builtin.split.time import TimeParams, TimeSplit
from ymltrain.testing.split import SplitKit


class TestRandom(SplitKit):
    """`random`."""

    def make(self) -> RandomSplit:
        return RandomSplit(FractionParams())


class TestHash(SplitKit):
    """`hash`, of whole rows."""

    def make(self) -> HashSplit:
        return HashSplit(FractionParams(train=0.5, val=0.5, test=0.0))


class Stateful(RandomSplit):
    """Draws from a generator of its own, so that batches and calls matter."""

    generator = np.random.default_rng(1)

    def assign(self, rows, first_row, seed):
        return self.generator.integers(0, 3, rows.height).astype(np.uint8)


class CutsByPosition(RandomSplit):
    """The first rows of a batch train: where a row falls depends on how many follow."""

    def assign(self, rows, first_row, seed):
        return (np.arange(rows.height) * 3 // max(rows.height, 1)).astype(np.uint8)


class LeavesRowsOut(RandomSplit):
    """Has a fourth part, and codes of a type of its own."""

    def assign(self, rows, first_row, seed):
        return np.arange(first_row, first_row + rows.height) % 4


class AsksForMore(RandomSplit):
    """Wants a column whatever the table has."""

    def columns(self, roles, available):
        return ("user", *available, *available)


BREACHES = [
    (LeavesRowsOut, "test_gives_every_row_one_split"),
    (AsksForMore, "test_asks_for_columns_that_are_there"),
    (Stateful, "test_is_a_function_of_rows_and_seed"),
    (CutsByPosition, "test_does_not_depend_on_batches"),
    (CutsByPosition, "test_appended_rows_move_no_row"),
    (CutsByPosition, "test_meets_its_fractions"),
]
"""Something broken, and the test of the kit that finds it."""


@pytest.mark.parametrize(("split", "test"), BREACHES)
def test_the_kit_finds_a_breach(split, test):
    """A split with a fault fails the test about it."""

    class Broken(SplitKit):
        def make(self):
            return split(FractionParams())

    with pytest.raises(AssertionError):
        getattr(Broken(), test)()


def test_every_check_can_fail():
    """No test of the kit passes everything: for each there is something broken that it finds."""
    found = {breach[-1] for breach in BREACHES}
    assert found == {name for name in dir(SplitKit) if name.startswith("test_")}


class TestColumn(SplitKit):
    """Split `column`."""

    def make(self):
        return ColumnSplit(ColumnParams(column="part"))

    def table(self):
        parts = ["train"] * 8 + ["val", "test"]
        return super().table().with_columns(part=pl.Series([parts[n % 10] for n in range(5_000)]))


class TestGroup(SplitKit):
    """Split `group`."""

    def make(self):
        return GroupSplit(GroupParams())


class TestStratified(SplitKit):
    """Split `stratified`."""

    def make(self):
        return StratifiedSplit(StratifiedParams())


class TestTime(SplitKit):
    """Split `time`."""

    def make(self):
        return TimeSplit(TimeParams())
