"""Whole checks of serving logs: the verdict, the class, the feature and the cause."""

import json

import polars as pl
import pytest


def only(report, skew_class):
    """The one finding of a class."""
    (found,) = [finding for finding in report["findings"] if finding["class"] == skew_class]
    return found


def test_a_clean_log_is_ok(diamonds, write_log):
    """Rows of the same table, served as trained: no finding, and distances all the same."""
    report = diamonds.check(write_log(diamonds.records()))
    assert (report["verdict"], report["findings"], report["replayed"]) == ("ok", [], 2_000)
    assert all(0 < found["distance"] < 0.05 and found["replayed_differences"] == 0 for found in report["features"].values())


def test_a_fault_in_one_of_a_hundred_records_is_found(diamonds, write_log):
    """A factor of 25.4 in 20 of 2,000 records is a fault of that feature, with its factor and first record."""
    records = diamonds.records()
    state = next(f.state for f in diamonds.predictor.contract.features if f.column == "x")
    for record in records[1000:1020]:
        record["features"]["x"] = (record["inputs"]["x"] * 25.4 - state["mean"]) / state["std"]
    report = diamonds.check(write_log(records))
    found = only(report, "transform")
    assert report["verdict"] == "fault"
    assert (found["feature"], found["cause"], found["parameters"]["factor"]) == ("x", "unit_change", 25.4)
    assert (found["onset_row"], found["affected_rows"], found["kind"]) == (1_000, 20, "engineering_fault")
    assert found["evidence"][0]["request_id"] == "r1000"


def test_natural_drift_is_no_fault(diamonds, write_log):
    """Only the larger half of the diamonds is asked about: drift, and every replay is equal."""
    rows = diamonds.rows.filter(pl.col("carat") > 0.7).sample(2_000, seed=2)
    report = diamonds.check(write_log(diamonds.records(rows)))
    assert report["verdict"] == "drift"
    assert {found["kind"] for found in report["findings"]} == {"drift"}
    assert {"carat", "x"} <= {found["feature"] for found in report["findings"]}


def test_a_drift_has_its_onset(diamonds, write_log):
    """A change in the last third is placed there, within the timeline's resolution."""
    early = diamonds.rows.sample(2_000, seed=3)
    late = diamonds.rows.filter(pl.col("carat") > 1).sample(1_000, seed=3)
    found = next(
        f for f in diamonds.check(write_log(diamonds.records(pl.concat([early, late]))))["findings"] if f["feature"] == "carat"
    )
    assert abs(found["onset_row"] - 2_000) <= 256


def test_inputs_alone_prove_no_fault(diamonds, tmp_path):
    """A CSV of raw columns in another unit is undetermined and named; what could not be looked for is said."""
    path = tmp_path / "inputs.csv"
    diamonds.rows.sample(2_000, seed=4).with_columns(pl.col("x") * 10).write_csv(path)
    report = diamonds.check(path)
    found = next(f for f in report["findings"] if f["feature"] == "x")
    assert (report["verdict"], found["kind"], found["cause"]) == ("drift", "undetermined", "unit_change")
    assert {run["class"] for run in report["checks"] if not run["ran"]} >= {"transform", "numeric", "version"}


def test_a_prediction_of_another_network_is_numeric(diamonds, write_log):
    """Features are right and predictions are not: the model's fault, not the transform's."""
    records = diamonds.records()
    for record in records:
        record["prediction"] *= 1.001
    report = diamonds.check(write_log(records))
    assert [(found["class"], found["cause"]) for found in report["findings"]] == [("numeric", "unit_change")]


def test_wrong_features_with_the_prediction_they_give_are_no_numeric_fault(diamonds, write_log):
    """A server that encodes wrongly predicts from what it encoded: one finding, of the transform."""
    rows = diamonds.rows.sample(500, seed=5)
    records = diamonds.records(rows)
    wrong = diamonds.records(rows.with_columns(pl.col("depth") + 3.0))
    for record, other in zip(records, wrong, strict=True):
        record["features"], record["prediction"] = other["features"], other["prediction"]
    report = diamonds.check(write_log(records))
    assert [(found["class"], found["feature"], found["cause"]) for found in report["findings"]] == [
        ("transform", "depth", "offset")
    ]
    assert report["findings"][0]["impact"] > 0


def test_mixed_versions_are_named(diamonds, write_log):
    """Weights of another digest in some records."""
    records = diamonds.records()
    for record in records[:40]:
        record["versions"]["weights"] = "sha256:other"
    found = only(diamonds.check(write_log(records)), "version")
    assert (found["cause"], found["parameters"]["part"], found["affected_rows"]) == ("mixed_versions", "weights", 40)


def test_another_models_log_is_not_replayed(diamonds, write_log):
    """Records of another bundle are a version fault; nothing is concluded from their features."""
    records = diamonds.records(count=300)
    for record in records:
        record["bundle"] = "sha256:another"
        record["features"]["x"] = 99.0
    report = diamonds.check(write_log(records))
    assert [(found["class"], found["cause"]) for found in report["findings"]] == [("version", "other_bundle")]


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda inputs: inputs.pop("x"), "missing_column"),
        (lambda inputs: inputs.update(x_mm=inputs.pop("x")), "renamed_column"),
        (lambda inputs: inputs.update(x=str(inputs["x"])), "number_as_text"),
        (lambda inputs: inputs.update(x={"mm": inputs["x"]}), "wrong_type"),
        (lambda inputs: inputs.update(x=float("inf")), "infinite_value"),
    ],
)
def test_breaks_of_the_contract(diamonds, write_log, change, cause):
    """Each is a schema fault with its first request, though it is in 30 of 2,000 records only."""
    records = diamonds.records()
    for record in records[500:530]:
        change(record["inputs"])
        record.pop("features")
    report = diamonds.check(write_log(records))
    found = only(report, "schema")
    assert (report["verdict"], found["feature"], found["cause"]) == ("fault", "x", cause)
    assert (found["affected_rows"], found["evidence"][0]["request_id"]) == (30, "r500")


def test_missing_values_that_the_contract_allows_are_undetermined(diamonds, write_log):
    """A tenth of a column goes missing: found, and not called a fault."""
    rows = diamonds.rows.sample(2_000, seed=6)
    holes = rows.with_columns(pl.when(pl.int_range(pl.len()) % 10 == 0).then(None).otherwise(pl.col("depth")).alias("depth"))
    found = only(diamonds.check(write_log(diamonds.records(holes))), "schema")
    assert (found["cause"], found["kind"], round(found["share"], 2)) == ("missing_values", "undetermined", 0.1)


def test_labels_that_come_later_show_a_worse_model(diamonds, write_log):
    """Joined by request id: the error is measured, and a model that has become wrong is drift."""
    records = diamonds.records()
    labels = pl.DataFrame(
        {"request_id": [r["request_id"] for r in records], "label": [r["prediction"] * 1.6 + 500 for r in records]}
    )
    causes = {found["cause"] for found in diamonds.check(write_log(records), labels=labels)["findings"]}
    assert {"performance_drop", "calibration_shift"} <= causes


def test_backfilled_values_show_what_was_not_there_yet(diamonds, write_log):
    """An input that was served as missing and is known afterwards is a time fault."""
    records = diamonds.records()
    table = pl.DataFrame({"request_id": [r["request_id"] for r in records], "depth": [r["inputs"]["depth"] for r in records]})
    for record in records[::20]:
        record["inputs"]["depth"] = None
        record["features"]["depth"] = 0.0
    found = only(diamonds.check(write_log(records), backfill=table), "time")
    assert (found["feature"], found["cause"], found["affected_rows"]) == ("depth", "late_value", 100)


def test_held_out_traffic_shows_what_policy_chooses(diamonds, write_log):
    """A slice that no policy chose differs from the rest."""
    chosen = diamonds.rows.filter(pl.col("carat") < 0.8).sample(1_500, seed=7)
    records = diamonds.records(pl.concat([chosen, diamonds.rows.sample(500, seed=8)]))
    for record in records[1_500:]:
        record["traffic"] = "holdout"
    classes = {(found["class"], found["feature"]) for found in diamonds.check(write_log(records))["findings"]}
    assert ("sampling", "carat") in classes


def test_a_broken_join_shows_though_each_column_is_as_it_was(diamonds, write_log):
    """Values of x belong to other rows: distances stay small, and what went together does no more."""
    rows = diamonds.rows.sample(2_000, seed=9)
    mixed = rows.with_columns(rows.get_column("x").sample(fraction=1, shuffle=True, seed=1))
    found = next(f for f in diamonds.check(write_log(diamonds.records(mixed)))["findings"] if f["cause"] == "broken_join")
    assert (found["kind"], "x" in (found["feature"], found["parameters"]["with"])) == ("undetermined", True)


def test_classes_are_replayed_too(penguins, write_log):
    """A classifier's clean log is ok; exchanged labels are a numeric fault."""
    records = penguins.records()
    assert penguins.check(write_log(records))["verdict"] == "ok"
    exchanged = {"Adelie": "Gentoo", "Gentoo": "Adelie"}
    for record in records:
        record["prediction"] = exchanged.get(record["prediction"], record["prediction"])
    found = only(penguins.check(write_log(records)), "numeric")
    assert (found["cause"], found["kind"]) == ("permuted_classes", "engineering_fault")


def test_windows_have_verdicts_of_their_own(diamonds, write_log):
    """The second half drifts: the first window is ok, the last is not."""
    early = diamonds.rows.sample(1_500, seed=10)
    late = diamonds.rows.filter(pl.col("carat") > 1).sample(1_500, seed=10)
    report = diamonds.check(write_log(diamonds.records(pl.concat([early, late]))), windows=4)
    verdicts = [window["verdict"] for window in report["windows"]]
    assert (verdicts[0], verdicts[-1], len(verdicts)) == ("ok", "drift", 4)


def test_a_parquet_log_says_what_its_json_lines_say(diamonds, write_log, tmp_path):
    """The same records in either format, the same findings."""
    records = diamonds.records()
    for record in records[100:200]:
        record["features"]["cut"] = 0
    path = tmp_path / "served.parquet"
    pl.DataFrame(records, infer_schema_length=None).write_parquet(path)
    one, other = diamonds.check(write_log(records)), diamonds.check(path)
    assert json.dumps(one["findings"]) == json.dumps(other["findings"])
    assert one["features"] == other["features"]
