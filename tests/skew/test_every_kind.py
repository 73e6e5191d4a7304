"""Columns and targets of every kind: served, logged, profiled and replayed."""

import json
from datetime import datetime, timedelta, timezone

import numpy as np
import polars as pl
import pytest

from ymltrain.bundle.predictor import load_bundle
from ymltrain.catalog.catalog import Catalog
from ymltrain.cli.main import run
from ymltrain.serving.models import LoadedModel
from ymltrain.serving.requests import BadRequestError, read_request

RECIPE = """\
recipe: 1
name: kinds
datasource: {data}
split: hash
features: {{n: number, c: category, b: boolean, t: timestamp, x: text, v: vector}}
target: {target}
model: {{type: mlp, hidden: [8]}}
trainer: {{max_epochs: 1}}
"""
TARGETS = {
    "binary": '{column: yes_no, task: binary, positive: "yes please"}',
    "multilabel": "{columns: [red, hot], task: multilabel}",
    "ordinal": "{column: size, task: ordinal, order: [low, mid, high]}",
}


@pytest.fixture(scope="session")
def table(tmp_path_factory):
    """A Parquet table with a column of every type. Not to be changed."""
    draw = np.random.default_rng(4)
    rows = 1_500
    n = draw.normal(size=rows)
    frame = pl.DataFrame(
        {
            "n": n,
            "c": draw.choice(["a", "b", "c"], rows),
            "b": draw.random(rows) < 0.4,
            "t": [datetime(2024, 1, 1) + timedelta(minutes=int(m)) for m in draw.integers(0, 500_000, rows)],
            "x": [" ".join(draw.choice(["red", "blue", "fast", "slow"], 3)) for _ in range(rows)],
            "v": draw.normal(size=(rows, 3)).tolist(),
            "yes_no": np.where(n + draw.normal(size=rows) > 0.5, "yes please", "no"),
            "red": n > 0.3,
            "hot": draw.random(rows) < 0.5,
            "size": np.select([n < -0.5, n < 0.7], ["low", "mid"], "high"),
        }
    )
    path = tmp_path_factory.mktemp("table") / "kinds.parquet"
    frame.write_parquet(path)
    return path


@pytest.fixture(scope="session", params=TARGETS)
def served(request, table, tmp_path_factory):
    """The bundle of a task and the serving log of an offline prediction. Not to be changed."""
    folder = tmp_path_factory.mktemp(request.param)
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.format(data=table, target=TARGETS[request.param]))
    assert run(["fit", str(recipe), "--workspace", str(folder)]) == 0
    (bundle,) = folder.glob("runs/kinds/*/bundle")
    log = folder / "served.jsonl"
    assert run(["predict", str(bundle), str(table), "-o", str(folder / "p.parquet"), "--serving-log", str(log)]) == 0
    return request.param, bundle, [json.loads(line) for line in log.read_text().splitlines()]


@pytest.fixture
def check(served, write_log, capsys):
    """Exit code and document of a check of the log, whose records a function may spoil."""
    task, bundle, records = served

    def checked(spoil=None):
        fresh = json.loads(json.dumps(records))
        for record in fresh if spoil is not None else ():
            spoil(record)
        capsys.readouterr()
        code = run(["skew", "check", "--model", str(bundle), "--log", str(write_log(fresh)), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return task, checked


def faults(document):
    """Class and feature of each engineering fault."""
    return {(found["class"], found["feature"]) for found in document["findings"] if found["kind"] == "engineering_fault"}


def test_a_log_as_served_is_in_order(check):
    """No column type and no task raises an alarm of its own; what was not compared is said."""
    _, checked = check
    code, document = checked()
    assert (code, document["findings"]) == (0, [])
    assert document["replayed"] == 1_500
    assert not [note for note in document["notes"] if "was not compared" in note]
    assert {name: bool(found["aspect"]) for name, found in document["features"].items()} == {
        "n": False,
        "c": False,
        "b": False,
        "t": True,
        "x": True,
        "v": True,
    }


def check_table(frame, bundle, folder, capsys):
    """What a check says of a table of raw columns, and its exit code."""
    frame.write_parquet(folder / "served.parquet")
    capsys.readouterr()
    code = run(["skew", "check", "--model", str(bundle), "--log", str(folder / "served.parquet"), "--json"])
    return code, json.loads(capsys.readouterr().out)


def told(document):
    """Feature, cause and kind of each finding."""
    return {(found["feature"], found["cause"], found["kind"]) for found in document["findings"]}


def test_times_texts_and_vectors_are_compared_in_distribution(served, table, tmp_path, capsys):
    """Another clock looks made; longer texts of new words, and longer vectors, are drift; a shift of the calendar is neither."""
    _, bundle, _ = served
    frame = pl.read_parquet(table)
    moved = frame.with_columns(pl.col("t") + pl.duration(days=7 * 52))
    assert check_table(moved, bundle, tmp_path, capsys)[1]["findings"] == []
    hours = frame.with_columns(pl.when(pl.col("t").dt.hour() < 12).then("t").otherwise(pl.col("t") - pl.duration(hours=9)))
    code, document = check_table(hours, bundle, tmp_path, capsys)
    assert (code, told(document)) == (3, {("t", "time_of_day_change", "drift")})
    changed = frame.with_columns(x=pl.col("x") + " quite new words", v=pl.col("v") * 3, t=pl.when(pl.col("n") > 1).then("t"))
    code, document = check_table(changed, bundle, tmp_path, capsys)
    assert code == 3
    assert told(document) >= {
        ("x", "text_length_change", "drift"),
        ("x", "vocabulary_change", "drift"),
        ("v", "vector_length_change", "drift"),
        ("t", "missing_values", "undetermined"),
    }
    assert {found["feature"] for found in document["findings"] if found["kind"] != "engineering_fault"} <= {"x", "v", "t", None}


def test_a_log_of_an_hour_says_nothing_of_hours_and_weekdays(served, table, tmp_path, capsys):
    """What a short log cannot show is said not to have been compared."""
    _, bundle, _ = served
    frame = pl.read_parquet(table)
    hour = frame.with_columns(t=pl.lit(datetime(2024, 5, 5, 7)) + pl.duration(minutes=pl.int_range(pl.len()) % 60))
    code, document = check_table(hour, bundle, tmp_path, capsys)
    assert (code, document["findings"]) == (0, [])
    assert [note for note in document["notes"] if "hour of the day was not compared" in note]
    assert [note for note in document["notes"] if "day of the week was not compared" in note]


def test_features_that_were_made_otherwise_are_told_by_name(check):
    """Booleans, words, parts of times and vectors are replayed as numbers are."""
    _, checked = check

    def spoil(record):
        record["features"]["x"][0] = 0
        record["features"]["v"].reverse()
        record["features"]["b"] = -1.0
        record["features"]["t"][1] += 0.5

    code, document = checked(spoil)
    assert code == 4
    assert faults(document) == {("transform", "x"), ("transform", "v"), ("transform", "b"), ("transform", "t")}


def test_what_was_done_to_a_value_before_it_was_encoded_is_named(served, check):
    """A clock of another zone, exchanged truth values, a cut text, a vector in another unit: by the encoder's own work."""
    _, bundle, records = served
    _, checked = check
    inputs = pl.DataFrame([record["inputs"] for record in records])
    encoders = load_bundle(bundle, Catalog.installed(), {}).encoders
    moments = inputs["t"].str.to_datetime(time_zone="UTC")
    made = {
        "t": moments + timedelta(hours=2),
        "b": ~inputs["b"],
        "x": inputs["x"].str.extract(r"^(\w+ \w+)"),
        "v": inputs["v"].list.eval(pl.element() * 100),
    }
    features = {name: encoders[name].encode(column.alias("values")).tolist() for name, column in made.items()}
    position = iter(range(len(records)))

    def spoil(record):
        row = next(position)
        if row % 3 == 0:
            record["features"] |= {name: values[row] for name, values in features.items()}

    _, document = checked(spoil)
    named = {
        found["feature"]: (found["cause"], found["parameters"]) for found in document["findings"] if found["class"] == "transform"
    }
    assert {name: cause for name, (cause, _) in named.items()} == {
        "t": "time_zone_shift",
        "b": "swapped_ids",
        "x": "truncation",
        "v": "unit_change",
    }
    assert named["t"][1]["hours"] == 2
    assert named["v"][1]["factor"] == pytest.approx(100)


def test_what_was_served_for_all_is_named(served, check):
    """An empty text, a truth value, a time that is missing: each is a fill, and no record's value of before."""
    _, bundle, records = served
    _, checked = check
    encoders = load_bundle(bundle, Catalog.installed(), {}).encoders
    made = {"t": pl.Series([None], dtype=pl.Datetime("us", "UTC")), "b": pl.Series([False]), "x": pl.Series([""])}
    features = {name: encoders[name].encode(column.alias("values")).tolist()[0] for name, column in made.items()}
    position = iter(range(len(records)))

    def spoil(record):
        if next(position) % 3 == 0:
            record["features"] |= features

    _, document = checked(spoil)
    assert {(found["feature"], found["cause"]) for found in document["findings"] if found["class"] == "transform"} == {
        (name, "default_fill") for name in made
    }


def test_predictions_of_every_task_are_replayed(check):
    """Labels that are not the network's are a numeric fault, also where they are sets."""
    task, checked = check

    def spoil(record):
        if record["features"]["n"] > 0.2:
            record["prediction"] = ["hot"] if task == "multilabel" else {"binary": "no", "ordinal": "low"}[task]

    code, document = checked(spoil)
    assert (code, faults(document)) == (4, {("numeric", None)})


def test_values_that_are_not_of_their_type_are_counted(check):
    """Only the records with such a value break the contract, not all that stand beside them."""
    _, checked = check

    def spoil(record):
        if record["request_id"] in ("row-000000003", "row-000000700"):
            record["inputs"]["t"] = "yesterday"
            record["inputs"]["v"] = ["a", 1, 2]
            record["inputs"]["b"] = "perhaps"

    code, document = checked(spoil)
    assert code == 4
    broken = {found["feature"]: found["affected_rows"] for found in document["findings"] if found["class"] == "schema"}
    assert broken == {"t": 2, "v": 2, "b": 2}


def test_a_server_reads_every_type_and_names_what_it_cannot(served):
    """Texts of times and truth values are read as tables are; a mistake is named by row and field."""
    _, bundle, records = served
    model = LoadedModel.of(load_bundle(bundle, Catalog.installed(), {}), "kinds@1")
    rows = [record["inputs"] for record in records[:50]]
    batch = read_request(json.dumps({"rows": rows}).encode(), model.predictor, "r")
    _, predictions = model.predict(batch.rows)
    assert predictions.get_column("prediction").to_list() == [record["prediction"] for record in records[:50]]
    rows[7] = rows[7] | {"t": "31/12/2024", "b": "maybe"}
    with pytest.raises(BadRequestError) as refused:
        read_request(json.dumps({"rows": rows}).encode(), model.predictor, "r")
    assert {(mistake.row, mistake.field) for mistake in refused.value.mistakes} == {(7, "t"), (7, "b")}


def test_times_of_any_zone_are_moments_and_unknown_zones_are_told(check):
    """The same moments in another offset change nothing; a zone that nobody knows breaks the contract."""
    _, checked = check

    def elsewhere(record):
        moment = datetime.fromisoformat(record["inputs"]["t"])
        record["inputs"]["t"] = moment.astimezone(timezone(timedelta(hours=5, minutes=45))).isoformat()

    assert checked(elsewhere)[0] == 0

    def nowhere(record):
        if record["request_id"].endswith("7"):
            record["inputs"]["t"] = record["inputs"]["t"][:19] + " Mars/Olympus"

    code, document = checked(nowhere)
    assert code == 4
    assert ("schema", "t") in faults(document)
    assert {found["cause"] for found in document["findings"] if found["feature"] == "t"} == {"wrong_type"}
