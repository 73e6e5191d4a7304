"""Rows cut by the values of a column, or at edges."""

from __future__ import annotations

import polars as pl
import pytest

from ymltrain.evaluation.slices import MOST_VALUES, Cut, cut_rows


def cut(values, edges=None, order=()):
    """Name, kind and row numbers of each slice."""
    return [(one.name, one.kind, one.rows.tolist()) for one in cut_rows(pl.Series("values", values), Cut("c", edges, order))]


def test_each_value_is_a_slice():
    """Texts as a dictionary has them; rows without a value are a slice of their own, where there are any."""
    assert cut(["b", "a", None, "b"]) == [("a", "value", [1]), ("b", "value", [0, 3]), ("missing", "missing", [2])]
    assert cut(["10", "9"]) == [("9", "value", [1]), ("10", "value", [0])]


def test_ordered_values_stand_in_their_order_and_always():
    """A value of the order that no row has is an empty slice, which a gate of support must see."""
    assert cut(["high", "low"], order=("low", "middle", "high")) == [
        ("low", "value", [1]),
        ("middle", "value", []),
        ("high", "value", [0]),
    ]


def test_edges_hold_their_lower_end_and_the_last_one_both():
    """As numpy's histograms; what lies outside is shown, and a missing number is missing."""
    numbers = [0.0, 0.99, 1.0, 5.0, 5.01, -1.0, None, float("nan")]
    assert cut(numbers, (0, 1, 5)) == [
        ("[0, 1)", "range", [0, 1]),
        ("[1, 5]", "range", [2, 3]),
        ("< 0", "outside", [5]),
        ("> 5", "outside", [4]),
        ("missing", "missing", [6, 7]),
    ]


def test_an_empty_range_stays():
    """A range that was asked for and holds no row says so."""
    assert cut([0.5], (0, 1, 2)) == [("[0, 1)", "range", [0]), ("[1, 2]", "range", [])]


def test_rare_values_share_a_slice():
    """Beyond the most frequent ones, values are one slice together; every row is in exactly one."""
    values = [f"v{number:02}" for number in range(MOST_VALUES) for _ in range(2)] + ["rare", "rarer"]
    found = cut(values)
    assert found[-1] == ("2 other values", "other", [60, 61])
    assert sorted(row for _, _, rows in found for row in rows) == list(range(len(values)))


@pytest.mark.parametrize("values", [[float(n) / 3 for n in range(100)], [str(n) for n in range(100)]])
def test_many_numbers_are_cut_at_their_quartiles(values):
    """A column of numbers without edges, whether read as such or as text, has four slices about as large."""
    found = cut(values)
    assert [kind for _, kind, _ in found] == ["range"] * 4
    assert all(20 <= len(rows) <= 30 for _, _, rows in found)
    assert sum(len(rows) for _, _, rows in found) == 100


def test_few_numbers_are_values():
    """Years, sizes: each is a slice, by size."""
    assert [name for name, _, _ in cut([10.0, 2.0, 10.0])] == ["2.0", "10.0"]
