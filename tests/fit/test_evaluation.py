"""How a model does: at the end of a fit, and when it is asked again on rows of today."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from .conftest import PENGUINS


@pytest.fixture(scope="module")
def kept(finished):
    """The evaluation that the fit has left in its bundle."""
    _, result = finished
    return json.loads((Path(result["run_dir"]) / "bundle" / "evaluation.json").read_text())


def evaluate(place, *arguments):
    """`ymltrain evaluate` of the penguins, as a document."""
    done = place.run("evaluate", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_a_fit_shows_baselines_beside_its_own_figures(finished, kept):
    """In its document, its run and its bundle, by the same metrics on the same rows; the model beats the constant."""
    place, result = finished
    assert list(kept["baselines"]) == ["majority", "linear"]
    assert result["baselines"]["majority"] == {f"test/{name}": value for name, value in kept["baselines"]["majority"].items()}
    assert 0.3 < result["baselines"]["majority"]["test/accuracy"] < 0.6 < result["metrics"]["test/accuracy"]
    shown = place.run("runs", "show", result["run_id"])
    assert "baseline: linear" in shown.stdout
    assert json.loads((place.runs()[0] / "final.json").read_text())["baselines"] == result["baselines"]


def test_the_evaluation_of_a_fit_is_of_its_test_rows(finished, kept):
    """Its values are the metrics of the fit; slices part the rows; each value lies in its interval."""
    _, result = finished
    assert kept["part"] == "test"
    for name, estimate in kept["metrics"].items():
        assert estimate["value"] == pytest.approx(result["metrics"][f"test/{name}"], abs=1e-12)
        assert estimate["low"] <= estimate["value"] <= estimate["high"]
    by_column = {}
    for one in kept["slices"]:
        by_column.setdefault(one["column"], []).append(one)
    assert [one["name"] for one in by_column["island"]] == ["Biscoe", "Dream", "Torgersen"]
    assert [one["name"] for one in by_column["bill_length_mm"]][:2] == ["[30, 45)", "[45, 60]"]
    for slices in by_column.values():
        assert sum(one["rows"] for one in slices) == kept["rows"]
    (table,) = kept["confusion"]
    assert sum(map(sum, table["counts"])) == kept["rows"]


def test_the_version_keeps_slices_and_baselines(finished, kept):
    """`models show` tells them, and so does the card."""
    place, _ = finished
    (version,) = place.versions()
    assert [one["name"] for one in version["slices"]][:3] == ["island = Biscoe", "island = Dream", "island = Torgersen"]
    assert version["slices"][0]["rows"] == kept["slices"][0]["rows"]
    assert version["slices"][0]["metrics"]["test/accuracy"] == kept["slices"][0]["metrics"]["accuracy"]["value"]
    assert list(version["baselines"]) == ["linear", "majority"]
    shown = place.run("models", "show", "penguins").stdout
    assert "slices of penguins@1" in shown
    card = place.run("models", "card", "penguins@1").stdout
    assert "## Slices" in card
    assert "| `island` | Biscoe |" in card


def test_gates_look_at_the_rows_of_each_slice(finished, kept):
    """A version is promoted where its smallest slice has the rows that are asked for, and not by one more."""
    place, result = finished
    place.run("models", "register", result["run_id"], "--model", "sliced")
    least = min(one["rows"] for one in kept["slices"] if one["kind"] in ("value", "range"))
    for needed, is_promoted in ((least, True), (least + 1, False)):
        gate = f"check=slices,at_least={needed}"
        done = place.run("models", "promote", "sliced@1", "--alias", "challenger", "--gate", gate, "--json")
        assert json.loads(done.stdout)["promoted"] is is_promoted, done.stdout


def test_new_rows_are_measured_as_the_recipe_says(finished, tmp_path):
    """Metrics, slices, interval and baselines are those of the recipe; rows without a target are left out and counted."""
    place, result = finished
    rows = pl.read_csv(PENGUINS, null_values="NA").sample(120, seed=1, shuffle=True)
    rows = rows.with_columns(species=pl.when(pl.int_range(120) < 5).then(None).otherwise("species"))
    rows.write_csv(tmp_path / "new.csv")
    found, said = evaluate(place, result["run_id"], tmp_path / "new.csv", "-o", tmp_path / "page.html")
    assert (found["rows"], found["rows_without_target"], found["part"], found["resamples"]) == (115, 5, "all", 50)
    assert list(found["baselines"]) == ["linear", "majority"]
    assert [one["name"] for one in found["slices"]][:3] == ["Biscoe", "Dream", "Torgersen"]
    assert "the data that the model was trained on" not in said
    assert "Truth (down) and prediction (across)" in (tmp_path / "page.html").read_text()
    again, _ = evaluate(place, "penguins@champion", tmp_path / "new.csv")
    assert again | {"model": ""} == found | {"model": ""}


def test_options_say_otherwise(finished, tmp_path):
    """Other slices, another level, other metrics; a column that the model never saw can cut the rows."""
    place, _ = finished
    output = tmp_path / "found.json"
    options = ["--slice", "sex", "--slice", "body_mass_g=2000,4000,7000", "--metric", "accuracy", "--metric", "log_loss"]
    found, said = evaluate(place, "penguins@1", PENGUINS, *options, "--resamples", "0", "-o", output)
    assert list(found["metrics"]) == ["accuracy", "log_loss"]
    assert {one["column"] for one in found["slices"]} == {"sex", "body_mass_g"}
    assert found["metrics"]["accuracy"]["low"] is None
    assert "it has seen most of these rows" in said
    assert json.loads(output.read_text()) == found


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--slice", "iland"], "YT705"),
        (["--slice", "bill_length_mm=5,1"], "YT872"),
        (["--slice", "bill_length_mm=a,b"], "YT872"),
        (["--metric", "rmse"], "YT871"),
        (["--metric", "acuracy"], "YT504"),
        (["-o", "found.pdf"], "YT818"),
    ],
)
def test_a_mistake_ends_before_anything_is_measured(finished, arguments, code):
    """Each with its code and what to do."""
    place, _ = finished
    done = place.run("evaluate", "penguins@1", PENGUINS, *arguments)
    assert done.returncode in (1, 2)
    assert f"[{code}]" in done.stderr
    assert done.stdout == ""


def test_data_without_the_target_cannot_be_measured(finished, tmp_path):
    """The column that is missing is named."""
    place, _ = finished
    pl.read_csv(PENGUINS).drop("species").write_csv(tmp_path / "new.csv")
    done = place.run("evaluate", "penguins@1", tmp_path / "new.csv")
    assert "the data lack species, which penguins predicts" in done.stderr


def test_changed_baselines_are_refused(finished, tmp_path):
    """A bundle's baselines are those of its contract."""
    place, result = finished
    bundle = tmp_path / "bundle"
    shutil.copytree(f"{result['run_dir']}/bundle", bundle)
    content = bytearray((bundle / "baselines.safetensors").read_bytes())
    content[-1] ^= 1
    (bundle / "baselines.safetensors").write_bytes(content)
    done = place.run("evaluate", bundle, PENGUINS)
    assert done.returncode == 1
    assert "YT924" in done.stderr
