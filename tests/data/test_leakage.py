"""Columns that tell the target, found in a sample."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import datasets

from ymltrain.data.leakage import as_numbers, find_suspicions, is_identifier, measure_dependence
from ymltrain.data.leakage_rows import count_later, find_groups, find_later, find_order

DATA = Path(__file__).parents[2] / "recipes" / "data"


def kinds(table: pl.DataFrame, target: str) -> dict[str, str]:
    """What each suspicious column is suspected of."""
    features = [name for name in table.columns if name != target]
    return {found.column: found.kind for found in find_suspicions(table, [target], features)}


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    """A thousand sales with honest columns, and columns that were made of the price."""
    draw = np.random.default_rng(5)
    size, age = draw.normal(size=1000), draw.integers(1, 60, 1000)
    price = np.exp(size + draw.normal(scale=0.5, size=1000))
    quantity = draw.integers(1, 30, 1000)
    return pl.DataFrame(
        {
            "size": size,
            "age": age,
            "quantity": quantity.astype(float),
            "in_euros": np.round(price * 1.1, 4),
            "band": pl.Series(np.digitize(price, [0.5, 1, 2])).cast(pl.String),
            "from_middle": (price - 1) ** 2,
            "blurred": price + draw.normal(scale=0.002, size=1000),
            "each": price / quantity,
            "copy": price,
            "price": price,
        }
    )


def test_what_was_made_of_a_number_is_found_and_what_goes_with_it_is_not(sales):
    """A scaled, banded, folded or copied target is named; a column that only goes with it is not."""
    assert kinds(sales, "price") == {
        "in_euros": "function_of_target",
        "band": "function_of_target",
        "from_middle": "function_of_target",
        "blurred": "function_of_target",
        "quantity": "derived",
        "copy": "copy",
    }


def test_two_columns_that_give_the_target_are_named_together(sales):
    """The product of two numbers is the target: both are named."""
    found = find_suspicions(sales, ["price"], ["size", "quantity", "each"])
    assert [(one.column, one.others) for one in found] == [("quantity", ("each",))]
    assert "quantity × each" in found[0].words


def test_what_is_filled_in_afterwards_is_found():
    """A reason that only those have who left, and a score that tells them apart, are named."""
    draw = np.random.default_rng(2)
    left = draw.random(800) < 0.2
    table = pl.DataFrame(
        {
            "age": draw.integers(18, 80, 800),
            "reason": [draw.choice(["price", "moved"]) if gone else None for gone in left],
            "score": left * 0.8 + draw.normal(scale=0.1, size=800),
            "call": [None if draw.random() < 0.3 else "yes" for _ in left],
            "churn": ["yes" if gone else "no" for gone in left],
        }
    )
    assert kinds(table, "churn") == {"reason": "missing_tells", "score": "function_of_target"}


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes", "digits"])
def test_honest_tables_raise_no_suspicion(name):
    """Well-known tables have strong columns, and none that leaks."""
    bunch = getattr(datasets, f"load_{name}")()
    table = pl.DataFrame({str(column): bunch.data[:, place] for place, column in enumerate(bunch.feature_names)})
    found = kinds(table.with_columns(target=pl.Series(bunch.target)), "target")
    assert set(found.values()) <= {"constant"}


@pytest.mark.parametrize(("name", "target"), [("diamonds", "price"), ("penguins", "species"), ("penguins", "sex")])
def test_the_shipped_tables_raise_no_suspicion(name, target):
    """Nor do those of the recipes."""
    assert not kinds(pl.read_csv(DATA / f"{name}.csv", null_values=["NA", ""]), target)


@given(st.integers(0, 2**32 - 1), st.integers(100, 600), st.sampled_from(["number", "few", "rare", "classes"]))
@settings(max_examples=25)
def test_independent_columns_raise_no_suspicion(seed, rows, what):
    """Whatever the types, columns that have nothing to do with the target are not accused of telling it."""
    draw = np.random.default_rng(seed)
    target = {
        "number": draw.normal(size=rows),
        "few": draw.integers(0, 3, rows).astype(float),
        "rare": (draw.random(rows) < 0.03).astype(float),
        "classes": draw.integers(0, 20, rows).astype(float),
    }[what]
    table = pl.DataFrame(
        {
            "number": draw.normal(size=rows),
            "skewed": draw.gamma(0.3, size=rows),
            "flag": draw.random(rows) < 0.05,
            "word": draw.choice(["a", "b", "c"], rows),
            "many": draw.integers(0, rows // 2, rows).astype(str),
            "holes": np.where(draw.random(rows) < 0.5, np.nan, draw.normal(size=rows)),
            "target": target,
        }
    )
    assert set(kinds(table, "target").values()) <= {"constant", "identifier"}


def test_dependence_has_a_direction():
    """A square follows from its root, and the root's sign not from the square."""
    root = np.random.default_rng(1).normal(size=2000)
    assert measure_dependence(root, root**2).score > 0.99
    assert measure_dependence(root**2, root).score < 0.5


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (list(range(100)), True),
        ([number * 7 for number in range(100)], True),
        ([f"u{number}" for number in range(100)], True),
        ([f"a text of {number} words" for number in range(100)], False),
        ([(datetime(2024, 1, 1) + timedelta(hours=number)).isoformat() for number in range(100)], False),
        ([number // 2 for number in range(100)], False),
        ([number * 0.37 for number in range(100)], False),
    ],
    ids=["numbered", "ascending", "codes", "texts", "times", "pairs", "measures"],
)
def test_identifiers_are_told_from_what_is_merely_different(values, expected):
    """Codes and numbers of rows identify; texts, times, pairs and measures do not."""
    assert is_identifier(pl.Series("column", values)) is expected


def test_columns_of_any_type_become_numbers_in_an_order():
    """Text goes by code point, times by the clock, truth by 0 and 1; what is missing is NaN."""
    assert as_numbers(pl.Series(["b", None, "a"])).tolist()[::2] == [2, 1]
    assert np.isnan(as_numbers(pl.Series(["b", None, "a"]))[1])
    assert as_numbers(pl.Series([True, False])).tolist() == [1, 0]
    assert np.diff(as_numbers(pl.Series([datetime(2024, 1, 1), datetime(2024, 1, 2)])))[0] > 0


def test_an_order_that_tells_the_target_is_found_where_a_column_tells_the_order():
    """Rows sorted by the target with a running number beside them leak; the same rows without the number do not."""
    draw = np.random.default_rng(3)
    table = pl.DataFrame({"target": np.sort(draw.normal(size=500)), "running": np.arange(500) * 3, "noise": draw.normal(size=500)})
    assert [found.column for found in find_order(table, ["target"], ["running", "noise"])] == ["running"]
    assert not list(find_order(table, ["target"], ["noise"]))
    assert not list(find_order(table.sample(500, shuffle=True, seed=1), ["target"], ["running", "noise"]))


def test_groups_are_columns_named_as_ids_whose_values_repeat():
    """A customer with several rows is a group; a row's own id and a repeated measure are none."""
    draw = np.random.default_rng(4)
    table = pl.DataFrame({"customer_id": draw.integers(0, 100, 500), "order_id": np.arange(500), "age": draw.integers(0, 100, 500)})
    assert [found.column for found in find_groups(table, table.columns)] == ["customer_id"]


def test_times_after_the_event_are_counted_with_their_first_row():
    """Times of any form are compared as moments; missing ones and columns of no times say nothing."""
    table = pl.DataFrame(
        {
            "sold": ["2024-01-01", "2024-01-02", "2024-01-03"],
            "paid": ["2024-01-01T00:00+02:00", None, "2024-01-04"],
            "colour": ["red", "blue", "red"],
        }
    )
    assert count_later(table["sold"], table["paid"]) == (1, 2)
    assert list(find_later(table, "sold", ["paid", "colour"])) == [("paid", 1, 2)]


@pytest.mark.parametrize("name", ["*", "^a$", "^.*$", ""])
def test_names_that_polars_takes_for_patterns_are_names(name):
    """A column may be called anything."""
    draw = np.random.default_rng(8)
    wanted = draw.normal(size=300)
    table = pl.DataFrame({name: wanted * 2, "b": draw.normal(size=300), "wanted": wanted})
    assert [one.column for one in find_suspicions(table, ["wanted"], [name, "b"])] == [name]
    assert not list(find_order(table, ["wanted"], [name, "b"]))
    assert not list(find_groups(table, [name, "b"]))
