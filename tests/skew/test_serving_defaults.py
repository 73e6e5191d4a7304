"""Serving defaults: declared in the recipe, used by every way of serving, counted wherever they are used."""

from __future__ import annotations

import json

import jsonschema
import msgspec
import numpy as np
import polars as pl
import pytest

from ymltrain.bundle.golden import replay_golden
from ymltrain.bundle.predictor import load_bundle
from ymltrain.catalog.catalog import Catalog
from ymltrain.cli.main import run
from ymltrain.serving.records import Served, make_records
from ymltrain.serving.requests import BadRequestError, read_request, to_frame
from ymltrain.serving.stamp import stamp_of
from ymltrain.skew.check import Question, check
from ymltrain.skew.explain import explain_request
from ymltrain.skew.profile import read_profile
from ymltrain.skew.settings import CheckSettings

RECIPE = """\
recipe: 1
name: clicks
seed: 3
datasource: clicks.csv
keys: [visit]
split: hash
target: {column: clicked, type: boolean}
weight: seen
features:
  age: number
  fee: {type: number, serving_default: 12.5}
  '*': {type: category, serving_default: grey}
  position: {type: number, available_at: later, serving_default: 1}
model: linear
trainer: {max_epochs: 1}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A bundle of a model with serving defaults, and its folder."""
    folder = tmp_path_factory.mktemp("clicks")
    draw = np.random.default_rng(4)
    rows = 1_500
    pl.DataFrame(
        {
            "visit": np.arange(rows),
            "age": draw.integers(18, 80, rows),
            "fee": draw.gamma(2, 10, rows).round(2),
            "*": draw.choice(["red", "blue", "grey"], rows),
            "position": draw.integers(1, 9, rows),
            "clicked": draw.random(rows) < 0.4,
            "seen": draw.random(rows).round(2),
        }
    ).write_csv(folder / "clicks.csv")
    (folder / "clicks.yaml").write_text(RECIPE)
    assert run(["fit", str(folder / "clicks.yaml"), "--workspace", str(folder)]) == 0
    (bundle,) = folder.glob("runs/clicks/*/bundle")
    return bundle, load_bundle(bundle, Catalog.installed(), {}), folder


def logged(predictor, rows, path):
    """A serving log of requests as they were sent."""
    frame = to_frame(rows, predictor)
    encoded = predictor.encode(frame)
    predictions = predictor.decode(predictor.outputs(encoded))
    ids = [f"r{number}" for number in range(len(rows))]
    records = make_records(predictor, stamp_of(predictor.contract), Served(rows, encoded, predictions, ids, [None] * len(rows)))
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return records


def requests(folder, count=900, without_fee=0):
    """Rows as clients send them: no position, and some without a fee."""
    table = pl.read_csv(folder / "clicks.csv").sample(count, seed=2)
    rows = [{name: row[name] for name in ("age", "fee", "*")} for row in table.to_dicts()]
    for number in range(without_fee):
        if number % 2:
            rows[number]["fee"] = None
        else:
            del rows[number]["fee"]
    return rows


def test_the_contract_has_an_environment_for_training_and_one_for_serving(served):
    """Target, weight, keys and what is known later are required of rows that train, and not of rows that are served."""
    bundle, _, _ = served
    contract = json.loads((bundle / "contract.json").read_text())
    environments = {name: jsonschema.Draft202012Validator(schema) for name, schema in contract["environments"].items()}
    assert contract["inputs"] == contract["environments"]["SERVE"]
    row = {"age": 30, "fee": 2.5, "*": "red"}
    whole = {**row, "position": 3, "clicked": True, "seen": 0.5, "visit": 7}
    assert environments["TRAIN"].is_valid(whole)
    for name in whole:
        assert not environments["TRAIN"].is_valid({key: value for key, value in whole.items() if key != name})
    assert environments["SERVE"].is_valid(row)
    assert environments["SERVE"].is_valid({"age": 30})
    assert not environments["SERVE"].is_valid({"fee": 2.5, "*": "red"})
    assert not environments["SERVE"].is_valid({**row, "position": 3})


def test_a_request_may_leave_out_what_has_a_default(served):
    """It is served as if the default had been sent; what is known later only may not be sent at all."""
    _, predictor, _ = served

    def predict(row):
        return predictor.predict_rows(to_frame(read_request(json.dumps(row).encode(), predictor, "r").rows, predictor))

    expected = predict({"age": 30, "fee": 12.5, "*": "grey"})
    assert predict({"age": 30}).equals(expected)
    assert predict({"age": 30, "fee": None, "*": None}).equals(expected)
    assert not predict({"age": 30, "fee": 90, "*": "grey"}).equals(expected)
    with pytest.raises(BadRequestError) as refused:
        predict({"age": 30, "position": 3})
    assert [(mistake.field, mistake.message) for mistake in refused.value.mistakes] == [
        ("position", "is not known when predictions are asked for: leave it out")
    ]


def test_predictions_of_files_use_and_count_the_same_defaults(served, tmp_path, capsys):
    """A file without the columns is predicted with their defaults, and how many values they stood for is said."""
    bundle, _, folder = served
    table = pl.read_csv(folder / "clicks.csv").select("age").head(40)
    table.write_csv(tmp_path / "bare.csv")
    table.with_columns(fee=12.5, **{"*": pl.lit("grey")}, position=pl.lit(7)).write_csv(tmp_path / "full.csv")
    for name in ("bare", "full"):
        command = ["predict", str(bundle), str(tmp_path / f"{name}.csv"), "-o", str(tmp_path / f"{name}.parquet")]
        assert run([*command, "--json", "--workspace", str(folder)]) == 0
        counts = json.loads(capsys.readouterr().out)["defaulted"]
        assert counts == ({"fee": 40, "*": 40, "position": 40} if name == "bare" else {"fee": 0, "*": 0, "position": 40})
    assert pl.read_parquet(tmp_path / "bare.parquet").equals(pl.read_parquet(tmp_path / "full.parquet"))


def test_the_log_names_what_a_default_stood_for(served, tmp_path):
    """Each record lists its defaulted columns."""
    _, predictor, folder = served
    records = logged(predictor, requests(folder, 20, without_fee=4), tmp_path / "served.jsonl")
    assert [record["defaulted"] for record in records[:5]] == [["fee", "position"]] * 4 + [["position"]]


def checked(served, path):
    """The JSON document of a check of this log."""
    bundle, predictor, _ = served
    report = check(predictor, read_profile(bundle / "profile.json"), Question(files=[path])).report
    return json.loads(msgspec.json.encode(report))


def test_a_check_counts_defaults_and_calls_none_of_them_a_fault(served, tmp_path):
    """Rows served by the rules raise no alarm for what is known later; many missing fees are told with their default."""
    _, predictor, folder = served
    logged(predictor, requests(folder), tmp_path / "clean.jsonl")
    report = checked(served, tmp_path / "clean.jsonl")
    assert report["verdict"] == "ok", report["findings"]
    assert any("position's declared default 1.0: it is known later only" in note for note in report["notes"])
    logged(predictor, requests(folder, without_fee=200), tmp_path / "holes.jsonl")
    report = checked(served, tmp_path / "holes.jsonl")
    assert report["verdict"] == "drift"
    assert [(found["feature"], found["cause"], found["kind"]) for found in report["findings"]] == [
        ("fee", "serving_default", "undetermined")
    ]
    assert report["features"]["fee"]["defaulted"] == 200
    assert any("200 of 900 records were served fee's declared default 12.5" in note for note in report["notes"])


def test_a_server_that_fills_in_something_else_is_at_fault(served, tmp_path):
    """Zero where 12.5 is declared is a transform fault."""
    _, predictor, folder = served
    path = tmp_path / "zero.jsonl"
    records = logged(predictor, requests(folder, without_fee=30), path)
    zero = predictor.encode(to_frame([{"age": 30, "fee": 0.0, "*": "red"}], predictor))
    served_as_zero = dict(predictor.feature_values(zero))["fee"][0].tolist()
    for record in records[:30]:
        record["features"]["fee"] = served_as_zero
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    report = checked(served, path)
    assert report["verdict"] == "fault"
    assert [found["feature"] for found in report["findings"] if found["class"] == "transform"] == ["fee"]


def test_explaining_a_request_names_its_defaults(served, tmp_path):
    """A step says that the declared default was served, and nothing differs."""
    _, predictor, folder = served
    logged(predictor, requests(folder, 20, without_fee=2), tmp_path / "served.jsonl")
    explained = explain_request([tmp_path / "served.jsonl"], predictor, "r0", CheckSettings())
    causes = {step.name: step.cause for step in explained.steps if step.stage == "input"}
    assert causes == {"age": None, "fee": "serving_default", "*": None, "position": "serving_default"}
    assert explained.first_difference is None


def test_golden_rows_replay(served):
    """They are predicted as rows are served."""
    bundle, predictor, _ = served
    assert replay_golden(bundle, predictor) > 0
