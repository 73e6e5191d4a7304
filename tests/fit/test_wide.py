"""Tables of every column type, and every kind of target, through the command line."""

import json
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

RECIPE = """\
recipe: 1
name: wide
datasource: rows.csv
event_time: when
weight: w
features:
  when: {type: timestamp, time_zone: Europe/Berlin}
  x: {type: number, encoder: robust}
  vip: boolean
  text: {type: text, encoder: {type: words, length: 6}}
  vector: vector
  user: {type: category, encoder: {type: hashing, buckets: 64}}
target: amount
model: mlp
trainer: {max_epochs: 4, batch_size: 64}
"""
WORDS = ["good", "bad", "quick", "slow", "red", "blue", "heavy", "light"]


def table(rows=1_500):
    """A score made of all columns, and targets made of the score."""
    random = np.random.default_rng(0)
    when = [datetime(2024, 1, 1) + timedelta(minutes=int(minute)) for minute in np.sort(random.integers(0, 400_000, rows))]
    x, vip = random.normal(size=rows), random.random(rows) < 0.3
    texts = [" ".join(random.choice(WORDS, 5)) for _ in range(rows)]
    score = x + vip + np.array(["good" in text for text in texts]) + np.sin([2 * np.pi * moment.hour / 24 for moment in when])
    return pl.DataFrame(
        {
            "when": when,
            "x": [None if random.random() < 0.1 else value for value in x],
            "vip": ["yes" if value else "no" for value in vip],
            "text": texts,
            "vector": [json.dumps([float(value) for value in random.normal(size=3) + s]) for s in score],
            "user": [f"u{number}" for number in random.integers(0, 300, rows)],
            "w": random.random(rows) + 0.5,
            "amount": score + random.normal(size=rows) * 0.3,
            "won": ["win" if value > 1 else "lose" for value in score + random.normal(size=rows) * 0.3],
            "paid": ["yes" if value > 1 else "no" for value in score],
            "grade": [["low", "mid", "high"][min(2, max(0, int(value + 0.5)))] for value in score],
            "high": score > 0,
            "positive": x > 0,
        }
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A workplace with the table; runs of a module share what is encoded."""
    from .conftest import FitPlace

    folder = tmp_path_factory.mktemp("wide")
    (folder / "wide.yaml").write_text(RECIPE)
    table().write_csv(folder / "rows.csv")
    return FitPlace(folder)


def fit(place, *overrides):
    """The document of a fit."""
    done = place.run("fit", "wide.yaml", *overrides, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("target", "metric", "better_than", "columns"),
    [
        ("amount", "r2", 0.7, ["prediction"]),
        ("{column: won, positive: win, class_weights: balanced}", "auc", 0.9, ["prediction", "probability_win"]),
        (
            "{column: grade, order: [low, mid, high]}",
            "kappa",
            0.6,
            ["prediction", *(f"probability_{g}" for g in ("low", "mid", "high"))],
        ),
        ("[high, positive]", "average_precision", 0.9, ["prediction", "probability_high", "probability_positive"]),
        ("grade", "accuracy", 0.6, ["prediction", *(f"probability_{grade}" for grade in ("high", "low", "mid"))]),
    ],
)
def test_every_target_is_learned_and_served(place, tmp_path, target, metric, better_than, columns):
    """Timestamps, booleans, texts, vectors and hashed categories feed every task; the bundle predicts in the user's terms."""
    result = fit(place, f"target={target}")
    assert result["metrics"][f"test/{metric}"] > better_than
    output = tmp_path / "out.parquet"
    done = place.run("predict", result["run_id"], "rows.csv", "-o", output, "--json")
    assert done.returncode == 0, done.stderr
    predicted = pl.read_parquet(output)
    assert predicted.columns == columns
    assert predicted.height == 1_500
    assert not any(column.is_null().any() for column in predicted.iter_columns())


def test_the_latest_rows_are_tested(place):
    """A declared time of the event makes the split one by time: nothing that trains is later than what tests."""
    result = fit(place, "target=amount")
    contract = json.loads((place.folder / "runs" / "wide" / result["run_id"] / "bundle" / "contract.json").read_text())
    assert contract["fitted_rows"] == 1_200
    plan = json.loads((place.folder / "runs" / "wide" / result["run_id"] / "plan.json").read_text())
    assert [node["type"] for node in plan["nodes"] if node["kind"] == "split"] == ["time"]


def test_a_row_without_weight_is_refused(place):
    """The message says which row, and what to do."""
    (place.folder / "bad.csv").write_text((place.folder / "rows.csv").read_text().replace(",u1,", ",u1,-"))
    done = place.run("fit", "wide.yaml", "datasource=bad.csv", "--json")
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "YT731"
    assert 'the weight "w" is -' in error["message"]
