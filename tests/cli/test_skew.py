"""`ymltrain skew` and `predict --serving-log` as processes: documents, exit codes, reports."""

import json

import polars as pl
import pytest


@pytest.fixture(scope="module")
def served(trained, tmp_path_factory):
    """A serving log of the trained model, as JSON lines."""
    folder = tmp_path_factory.mktemp("served")
    data = trained.folder / "inputs.csv"
    if not data.exists():
        rows = pl.read_csv("recipes/data/penguins.csv", null_values=["NA"]).select("bill_length_mm", "island")
        rows.write_csv(folder / "inputs.csv")
    log = folder / "served.jsonl"
    document = trained.document("predict", "penguins@champion", folder / "inputs.csv", "-o", folder / "p.csv", "--serving-log", log)
    assert document["rows"] == 344
    return log


def spoiled(log, path):
    """The log with a wrong factor in one feature."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for record in lines[100:200]:
        length = record["features"]["bill_length_mm"]  # with a mark of missing values beside it
        length[0] = length[0] * 2 + 0.5
    path.write_text("".join(json.dumps(record) + "\n" for record in lines))
    return path


def test_a_clean_log_exits_with_0(trained, served):
    """What `predict --serving-log` writes is what `skew check` calls ok."""
    document = trained.document("skew", "check", "--model", "penguins@champion", "--log", served)
    assert {"verdict", "findings", "features", "rows", "cells", "seconds"} <= set(document)
    assert (document["verdict"], document["rows"], document["cells"]) == ("ok", 344, 688)


def test_a_fault_exits_with_4_and_says_what_is_promised(trained, served, tmp_path):
    """The keys that other programs rely on."""
    log = spoiled(served, tmp_path / "spoiled.jsonl")
    document = trained.document("skew", "check", "--model", "penguins@champion", "--log", log, exits=4)
    (finding,) = [found for found in document["findings"] if found["class"] == "transform"]
    promised = {
        "class",
        "feature",
        "kind",
        "cause",
        "distance",
        "threshold",
        "p_value",
        "minimum_detectable",
        "onset_row",
        "evidence",
    }
    assert promised <= set(finding)
    assert (document["verdict"], finding["feature"], finding["kind"]) == ("fault", "bill_length_mm", "engineering_fault")


def test_drift_exits_with_3(trained, tmp_path):
    """One island only, as a plain table of inputs."""
    rows = pl.read_csv("recipes/data/penguins.csv", null_values=["NA"]).filter(pl.col("island") == "Biscoe")
    rows.select("bill_length_mm", "island").write_csv(tmp_path / "biscoe.csv")
    document = trained.document("skew", "check", "--model", "penguins@champion", "--log", tmp_path / "biscoe.csv", exits=3)
    assert "island" in {found["feature"] for found in document["findings"]}


def test_the_report_for_people_has_the_verdict_first(trained, served, tmp_path):
    """On standard output, and the feature is named."""
    log = spoiled(served, tmp_path / "spoiled.jsonl")
    done = trained.run("skew", "check", "--model", "penguins@champion", "--log", log)
    assert done.returncode == 4
    assert done.stdout.startswith("FAULT")
    assert "bill_length_mm" in done.stdout
    assert "Traceback" not in done.stderr


def test_a_request_is_explained(trained, served, tmp_path):
    """Step by step; exit 4 when one differs, 2 lines of a hint when the request is not there."""
    log = spoiled(served, tmp_path / "spoiled.jsonl")
    fine = trained.document("skew", "explain", "row-000000003", "--model", "penguins@champion", "--log", log)
    assert fine["first_difference"] is None
    wrong = trained.document("skew", "explain", "row-000000150", "--model", "penguins@champion", "--log", log, exits=4)
    assert wrong["steps"][wrong["first_difference"]]["name"] == "bill_length_mm"
    lost = trained.document("skew", "explain", "row-999", "--model", "penguins@champion", "--log", log, exits=1)
    assert lost["error"]["code"] == "YT992"


def test_a_log_is_profiled_once_and_checked_from_its_profile(trained, served, tmp_path):
    """Profiles of two logs add up; checking them needs no records."""
    model = ("--model", "penguins@champion")
    trained.document("skew", "profile", *model, "--log", served, "-o", tmp_path / "a.json")
    merged = trained.document(
        "skew", "profile", *model, "--log", tmp_path / "a.json", "--log", tmp_path / "a.json", "-o", tmp_path / "b.json"
    )
    assert merged["rows"] == 688
    assert trained.document("skew", "check", *model, "--log", tmp_path / "b.json")["verdict"] == "ok"


def test_a_log_is_replayed(trained, served, tmp_path):
    """Through the version that wrote it nothing changes."""
    document = trained.document("skew", "replay", "--model", "penguins@champion", "--log", served, "-o", tmp_path / "replayed.csv")
    assert (document["rows"], document["changed"]) == (344, 0)
    assert pl.read_csv(tmp_path / "replayed.csv").columns == ["row", "request_id", "left", "right"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--log", "nowhere.jsonl"), "YT985"),
        (("--log", "penguins.yaml"), "YT985"),
        (("--log", "nowhere.json"), "YT991"),
    ],
)
def test_mistakes_have_codes(trained, arguments, code):
    """A log that is not there, or is none."""
    done = trained.run("skew", "check", "--model", "penguins@champion", *arguments, "--json")
    assert done.returncode in (1, 2)
    assert json.loads(done.stdout)["error"]["code"] == code
