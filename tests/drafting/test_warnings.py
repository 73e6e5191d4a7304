"""What `init` warns of, how sure it says it is, and what it leaves alone."""

from collections import Counter

import pytest

from .conftest import ROWS


def test_what_tells_rows_apart_or_nothing(drafting, drawn):
    """Counters, unique words and columns of one value are left out; a measurement that never repeats is not."""
    rows = [[i + 1, f"ID-{i:05d}", "same", "", 1000 + i * 0.37, round(float(drawn.random()), 3)] for i in range(ROWS)]
    drafted = drafting.init(drafting.write("ids.csv", ["row", "uid", "const", "none", "m", "y"], rows), "y")
    assert drafted.types == {"row": "ignore", "uid": "ignore", "const": "ignore", "none": "ignore", "m": "number"}
    assert drafted.warnings("identifier") == {("row", "likely"), ("uid", "likely")}
    assert drafted.warnings("constant") == {("const", "certain"), ("none", "certain")}


def test_functions_of_a_number(drafting, drawn):
    """Scaled, banded, mirrored, folded and missing-by-value copies of the target are leaks; what only goes with it is not."""
    rows = []
    for i in range(400):
        y = round(float(drawn.lognormal(3, 1)), 1)
        known = "" if y < 20 else str(i % 3)
        rows.append(
            [y * 100, "high" if y > 30 else "low", -y, (round(y) % 7), known, y + float(drawn.normal(0, 20)), i % 5, round(y)]
        )
    header = ["cents", "band", "minus", "folded", "known", "near", "other", "y"]
    drafted = drafting.init(drafting.write("leaks.csv", header, rows), "y")
    assert {name for name, _ in drafted.warnings("leak")} >= {"cents", "band", "minus", "known"}
    assert drafted.types["near"] == "number"
    assert drafted.types["other"] == "number"
    assert {drafted.types[name] for name in ("cents", "band", "minus", "known")} == {"ignore"}


def test_functions_of_a_class(drafting, drawn):
    """A code of the class is a leak; a feature that parts one class from the others is none."""
    rows = [
        [{"a": 7, "b": 3, "c": 5}[k := "abc"[i % 3]], i % 3 * 10 + float(drawn.random()), float(drawn.normal(i % 3 == 0)), k]
        for i in range(ROWS)
    ]
    drafted = drafting.init(drafting.write("leaks.csv", ["code", "level", "x", "y"], rows), "y")
    assert {name for name, _ in drafted.warnings("leak")} == {"code", "level"}
    assert drafted.types == {"code": "ignore", "level": "ignore", "x": "number"}


def test_a_near_function_is_kept_and_named(drafting, drawn):
    """What tells the target all but exactly may be an honest measurement: a guess."""
    rows = [[y := float(drawn.normal()), y**2 + float(drawn.normal(0, 0.003))] for _ in range(2_000)]
    drafted = drafting.init(drafting.write("near.csv", ["x", "y"], rows), "y")
    assert drafted.warnings("leak") == {("x", "guess")}
    assert drafted.types == {"x": "number"}


def test_rows_of_one_thing_are_no_leaks(drafting, drawn):
    """Where things stand in several rows, what they keep is not a function of the target; the rows belong in one split."""
    people = [(float(drawn.random()), "xyz"[i % 3], i % 7, float(drawn.random())) for i in range(60)]
    rows = [[height, group, count, float(drawn.random()), y] for height, group, count, y in people for _ in range(5)]
    drafted = drafting.init(drafting.write("visits.csv", ["height", "group", "count", "noise", "y"], rows), "y")
    assert drafted.warnings("leak") == set()
    assert drafted.warnings("groups") == {(None, "likely")}


@pytest.mark.parametrize(("share", "is_warned"), [(0.03, True), (0.4, False)])
def test_imbalance(drafting, drawn, share, is_warned):
    """Rare classes are named with what always guessing the common one comes to; the split keeps their share."""
    rows = [[float(drawn.random()), "fraud" if drawn.random() < share else "ok"] for _ in range(1_500)]
    drafted = drafting.init(drafting.write("fraud.csv", ["x", "y"], rows), "y")
    assert bool(drafted.warnings("imbalance")) is is_warned
    assert "split: {type: stratified" in drafted.recipe
    assert "positive: fraud" in drafted.recipe


def test_many_values_and_long_tails(drafting, drawn):
    """Categories of many values share ids, numbers with a long tail go by their rank, texts are texts."""
    rows = [
        [
            f"p{int(drawn.integers(400))}",
            float(drawn.lognormal(0, 3)),
            f"word{i} and some more of them {i * 7}",
            float(drawn.random()),
        ]
        for i in range(1_200)
    ]
    drafted = drafting.init(drafting.write("shop.csv", ["product", "amount", "review", "y"], rows), "y")
    assert drafted.columns["product"]["encoder"] == {"type": "vocabulary", "min_count": 5}
    assert drafted.columns["amount"]["encoder"] == "quantile"
    assert drafted.types["review"] == "text"
    assert drafted.warnings("many_values") == {("product", "guess")}
    (warning,) = (one for one in drafted.document["warnings"] if one["kind"] == "many_values")
    rare = sum(count < 5 for count in Counter(product for product, *_ in rows).values())
    assert f"{rare} of them stand in fewer than 5 rows" in warning["message"]


def test_amounts_with_a_sign(drafting, drawn):
    """Numbers that carry a currency or a unit are named, as they cannot be read."""
    rows = [[f"${int(drawn.integers(1, 90))}", i % 2] for i in range(ROWS)]
    drafted = drafting.init(drafting.write("prices.csv", ["cost", "y"], rows), "y")
    assert ("cost", "likely") in drafted.warnings("numbers")


def test_what_was_not_looked_at_is_not_certain(drafting, drawn):
    """With --rows, choices hold for the rows that were looked at, and say so."""
    rows = drawn.random((3_000, 2)).round(3).tolist()
    drafted = drafting.init(drafting.write("long.csv", ["x", "y"], rows), "y", "--rows", 500)
    assert drafted.document["rows"] == {"looked_at": 500, "total": 3_000, "is_all": False}
    assert {column["sure"] for column in drafted.columns.values()} == {"likely"}
    assert "the first 500 rows of about 3,000" in drafted.recipe


@pytest.mark.parametrize(
    ("values", "task", "written"),
    [
        (["0", "1"], "binary", "{column: y, type: boolean}"),
        (["1", "2"], "binary", '{column: y, type: category, task: binary, positive: "2"}'),
        (["1", "2", "3"], "classification", "{column: y, type: category}"),
        (["0.5", "1.5", "2.5"], "regression", "target: y"),
        (["true", "false"], "binary", '{column: y, task: binary, positive: "true"}'),
        (["lo", "mid", "hi"], "classification", "target: y"),
    ],
)
def test_tasks(drafting, drawn, values, task, written):
    """The task follows from the target's values, and what it compiles to is what was said."""
    rows = [[float(drawn.random()), values[int(drawn.integers(len(values)))]] for _ in range(ROWS)]
    drafted = drafting.init(drafting.write("t.csv", ["x", "y"], rows), "y")
    assert drafted.target["task"] == task
    assert written in drafted.recipe
    code, plan = drafting.call("plan", "recipe.yaml")
    assert (code, plan["target"]["task"]) == (0, task)
