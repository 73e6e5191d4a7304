"""Columns whose names polars takes for patterns (`*`, `^a$`): they are names to every verb."""

import json
from datetime import datetime, timedelta

import polars as pl
import pytest

from ymltrain.cli.main import run

RECIPE = """\
recipe: 1
name: odd
datasource: data.csv
event_time: "^t$"
split: time
weight: "^w$"
features:
  "^a$": {type: number, serving_default: 0.0}
  "*": category
  "^t$": timestamp
  "^text$": text
  "^flag$": boolean
target: {column: "^y$", task: binary, positive: u}
evaluation: {slices: ["*", {"^a$": [-1, 0, 1]}, "^flag$"], resamples: 5}
model: {type: mlp, hidden: [4]}
trainer: {max_epochs: 1}
skew: {golden_rows: 8, features: {"^a$": {min_effect: 0.1}}}
"""
ROWS = 200


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A folder with a table of such names and the bundle that was fitted on it."""
    folder = tmp_path_factory.mktemp("odd")
    start = datetime(2024, 1, 1)
    table = {
        "^a$": [None if i % 9 == 0 else i % 7 - 3.5 for i in range(ROWS)],
        "*": ["abc"[i % 3] for i in range(ROWS)],
        "^t$": [(start + timedelta(hours=i)).isoformat() for i in range(ROWS)],
        "^w$": [0.5 + i % 3 for i in range(ROWS)],
        "^text$": [("one here", "two there")[i % 2] + f" {i % 5}" for i in range(ROWS)],
        "^flag$": [("yes", "no")[i // 3 % 2] for i in range(ROWS)],
        "^y$": ["uv"[i * 7919 % 13 % 2] for i in range(ROWS)],
    }
    pl.DataFrame(table).write_csv(folder / "data.csv")
    (folder / "recipe.yaml").write_text(RECIPE)
    assert run(["fit", str(folder / "recipe.yaml"), "--workspace", str(folder), "--json"]) == 0
    (bundle,) = folder.glob("runs/odd/*/bundle")
    for log in ("served.jsonl", "served.parquet"):
        arguments = ["predict", str(bundle), str(folder / "data.csv"), "-o", str(folder / "out.csv")]
        assert run([*arguments, "--serving-log", str(folder / log)]) == 0
    return folder, str(bundle)


def call(capsys, *arguments):
    """What a verb prints with --json, and its exit code."""
    capsys.readouterr()
    code = run([*map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_plan(odd, capsys):
    """The plan shows them with their values."""
    folder, _ = odd
    code, plan = call(capsys, "plan", folder / "recipe.yaml", "--workspace", folder)
    assert code == 0
    columns = {column["name"]: column["distinct"] for column in plan["estimates"]["columns"]}
    assert (columns["^a$"], columns["*"], columns["^t$"]) == (7, 3, ROWS)


def test_evaluation(odd, capsys):
    """Slices are cut by them."""
    folder, bundle = odd
    code, found = call(capsys, "evaluate", bundle, folder / "data.csv", "--workspace", folder)
    assert code == 0
    assert {"*", "^a$", "^flag$"} == {cut["column"] for cut in found["slices"]}


@pytest.mark.parametrize("log", ["served.jsonl", "served.parquet", "data.csv"])
def test_skew(odd, capsys, log):
    """Logs of either kind and plain tables are read, replayed and compared."""
    folder, bundle = odd
    code, found = call(capsys, "skew", "check", "--model", bundle, "--log", folder / log, "--workspace", folder)
    assert code in (0, 3), found
    assert found["rows"] == ROWS
    assert set(found["features"]) == {"^a$", "*", "^t$", "^text$", "^flag$"}
    assert not [one for one in found["findings"] if one["kind"] == "engineering_fault"]
