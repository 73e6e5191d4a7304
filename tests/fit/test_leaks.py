"""Leakage is told before anything is trained, at the line of the recipe that asks for it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ymltrain.cli.main import run

RECIPE = """\
recipe: 1
name: churn
datasource: {data}.csv
target: churn
model: linear
{more}
features:
  age: number
{features}
"""
ROWS = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table of customers, with columns that no server could have."""
    draw = np.random.default_rng(1)
    left = draw.random(ROWS) < 0.3
    sold = [datetime(2024, 1, 1) + timedelta(hours=hour) for hour in range(ROWS)]
    folder = tmp_path_factory.mktemp("churn")
    table = pl.DataFrame(
        {
            "age": draw.integers(18, 80, ROWS),
            "row": np.arange(ROWS),
            "sold_at": sold,
            "paid_at": [time + timedelta(days=int(days)) for time, days in zip(sold, draw.integers(0, 5, ROWS), strict=True)],
            "joined_at": [time - timedelta(days=int(days)) for time, days in zip(sold, draw.integers(0, 5, ROWS), strict=True)],
            "fee": draw.gamma(2, 10, ROWS).round(2),
            "reason": [draw.choice(["price", "moved"]) if gone else None for gone in left],
            "score": (left * 0.8 + draw.normal(scale=0.05, size=ROWS)).round(3),
            "was_churn": ["yes" if gone else "no" for gone in left],
            "churn": ["yes" if gone else "no" for gone in left],
        }
    )
    table.write_csv(folder / "churn.csv")
    table.with_columns(customer_id=pl.Series(draw.integers(0, 60, ROWS))).write_csv(folder / "customers.csv")
    return folder


@pytest.fixture
def plan(folder, capsys):
    """The exit code of `plan`, and its findings as code and line."""

    def planned(features: str = "", more: str = "", verb: str = "plan", data: str = "churn"):
        recipe = folder / "churn.yaml"
        recipe.write_text(RECIPE.format(features="".join(f"  {line}\n" for line in features.splitlines()), more=more, data=data))
        code = run([verb, str(recipe), "--json", "--workspace", str(folder)])
        captured = capsys.readouterr()
        document = json.loads(captured.out)
        found = document.get("diagnostics", [])
        return code, [(one["code"], one["key_path"][-1], recipe.read_text().splitlines()[one["line"] - 1].strip()) for one in found]

    return planned


def test_each_leak_is_a_warning_at_its_column(plan):
    """Columns that follow from the target, are filled in afterwards or number the rows are named where they are written."""
    code, found = plan("row: number\nreason: category\nscore: number\nfee: number")
    assert code == 0
    assert found == [
        ("YT657", "row", "row: number"),
        ("YT655", "reason", "reason: category"),
        ("YT655", "score", "score: number"),
    ]


def test_what_the_recipe_vouches_for_is_taken_at_its_word(plan):
    """`available_at: prediction` says that a column is known in time, however much it tells."""
    code, found = plan("score: {type: number, available_at: prediction}\nwas_churn: {type: category, available_at: prediction}")
    assert (code, found) == (0, [])


def test_a_copy_of_the_target_is_an_error(plan, folder):
    """Nothing is trained on a copy of what is to be predicted, and no run begins."""
    for verb in ("plan", "fit"):
        code, found = plan("was_churn: category", verb=verb)
        assert (code, found) == (2, [("YT654", "was_churn", "was_churn: category")])
    assert not (folder / "runs").exists()


def test_columns_found_by_auto_are_looked_at_too(folder, capsys):
    """Without `features`, the finding stands at the target."""
    recipe = folder / "auto.yaml"
    recipe.write_text("recipe: 1\nname: churn\ndatasource: churn.csv\ntarget: churn\nmodel: linear\n")
    assert run(["plan", str(recipe), "--workspace", str(folder)]) == 2
    shown = capsys.readouterr().err
    assert "auto.yaml:4:9 error[YT654]" in shown
    assert '"was_churn" holds the target' in shown


@pytest.mark.parametrize(
    ("features", "more", "code", "expected"),
    [
        ("fee: {type: number, available_at: joined_at}", "event_time: sold_at", 0, []),
        ("fee: {type: number, available_at: paid_at}", "event_time: sold_at", 2, ["YT653"]),
        ("fee: {type: number, available_at: paid_at}", "", 2, ["YT651"]),
        ("fee: {type: number, available_at: payed_at}", "event_time: sold_at", 2, ["YT711"]),
        ("fee: {type: number, available_at: score}", "event_time: sold_at", 0, []),
        ("fee: {type: number, available_at: later}", "", 2, ["YT650"]),
        ("fee: {type: number, available_at: later, serving_default: 0}", "", 0, []),
        ("fee: {type: number, available_at: later, serving_default: none at all}", "", 2, ["YT652"]),
        ("joined_at: {type: timestamp, serving_default: yesterday}", "", 2, ["YT652"]),
        ("fee: {type: ignore, available_at: later}", "", 0, []),
        ("paid_at: timestamp", "event_time: sold_at", 0, ["YT648"]),
        ("paid_at: {type: timestamp, available_at: prediction}", "event_time: sold_at", 0, []),
        ("joined_at: timestamp", "event_time: sold_at", 0, []),
    ],
)
def test_values_are_known_when_predictions_are_asked_for(plan, features, more, code, expected):
    """A value known after the event, or known later only with nothing to stand in for it, is not trained on."""
    exit_code, found = plan(features, more)
    assert (exit_code, [one[0] for one in found]) == (code, expected)


def test_a_group_in_several_splits_is_told_until_it_is_kept_together(plan):
    """Rows of one customer would stand in train and in test; a split by the customer, or by time, is fine."""
    code, found = plan(data="customers")
    assert (code, [one[:2] for one in found]) == (0, [("YT659", "customer_id")])
    assert plan(more="split: {type: group, by: customer_id}", data="customers") == (0, [])
    assert plan(more="split: hash\nkeys: [customer_id]", data="customers") == (0, [])
    assert plan(more="event_time: sold_at", data="customers") == (0, [])


def test_an_order_that_tells_the_target_is_told(tmp_path, capsys):
    """A running number beside rows in the target's order leaks under a split that ignores order."""
    draw = np.random.default_rng(2)
    level = np.sort(draw.normal(size=ROWS)) + draw.normal(scale=0.3, size=ROWS)
    times = [datetime(2024, 1, 1) + timedelta(minutes=7 * minute) for minute in range(ROWS)]
    pl.DataFrame({"at": times, "noise": draw.normal(size=ROWS), "level": level}).write_csv(tmp_path / "level.csv")
    recipe = tmp_path / "level.yaml"
    recipe.write_text("recipe: 1\nname: level\ndatasource: level.csv\ntarget: level\nmodel: linear\nfeatures: {at: timestamp}\n")
    assert run(["plan", str(recipe), "--json", "--workspace", str(tmp_path)]) == 0
    assert [one["code"] for one in json.loads(capsys.readouterr().out)["diagnostics"]] == ["YT658"]
    assert run(["plan", str(recipe), "event_time=at", "--json", "--workspace", str(tmp_path)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["diagnostics"] == []
    assert [node["type"] for node in document["nodes"] if node["id"] == "split"] == ["time"]
