"""A whole fit through the command line."""

import json
import math

import polars as pl
import pytest


def test_a_fit_leaves_a_run_a_bundle_and_a_registered_champion(finished):
    """One command trains, evaluates, bundles, registers and promotes."""
    place, result = finished
    (run,) = place.runs()
    assert result["status"] == "done"
    assert result["run_dir"] == str(run)
    assert {path.name for path in run.iterdir()} >= {
        "plan.json", "recipe.yaml", "resolved.yaml", "provenance.json", "metrics", "log.txt", "checkpoints", "bundle", "tb", "final.json",
    }  # fmt: skip
    (version,) = place.versions()
    assert (version["version"], version["run_id"], version["aliases"]) == (1, result["run_id"], ["champion"])
    assert version["tensor_digest"] == result["tensor_digest"]
    assert result["model"] == {"name": "penguins", "version": 1, "digest": version["digest"]}


def test_the_result_has_the_metrics_of_each_split_and_seconds_of_each_stage(finished):
    """What programs rely on is there."""
    _, result = finished
    assert {"val/accuracy", "val/loss", "test/accuracy", "test/f1", "test/loss"} <= result["metrics"].keys()
    assert {"startup", "data", "train", "evaluate", "bundle", "register"} <= result["timings"].keys()
    assert result["steps"] == 6 * math.ceil(math.ceil(_train_rows(finished) / 16) / 2)
    assert result["resumed_from"] is None


def _train_rows(finished):
    place, _ = finished
    return json.loads((place.runs()[0] / "bundle" / "contract.json").read_text())["fitted_rows"]


def test_the_same_recipe_and_seed_give_the_same_tensors_and_metrics(finished, workplace):
    """Bit for bit, in another process and another folder."""
    _, first = finished
    second = workplace.fit()
    assert second["tensor_digest"] == first["tensor_digest"]
    assert second["metrics"] == first["metrics"]


def test_another_seed_gives_other_tensors(finished, workplace):
    """The digest can tell models apart."""
    assert workplace.fit("seed=4", "trainer.max_epochs=1")["tensor_digest"] != finished[1]["tensor_digest"]


@pytest.mark.parametrize("model", ["penguins@champion", "penguins@1", "latest", "runs/penguins/*/bundle"])
def test_predictions_come_from_a_version_a_run_or_a_bundle(finished, tmp_path, model):
    """Every way of naming the model gives the same predictions, in the order of the rows."""
    place, _ = finished
    named = str(next(place.folder.glob(model))) if "*" in model else model
    output = tmp_path / "out.parquet"
    data = place.recipe.read_text().split("datasource: ")[1].split("\n")[0]
    done = place.run("predict", named, data, "-o", output, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"] == 344
    predicted = pl.read_parquet(output)
    truth = pl.read_csv(data)["species"]
    assert predicted.columns == ["prediction", *(f"probability_{name}" for name in sorted(truth.unique()))]
    assert (predicted["prediction"] == truth).mean() > 0.9
    assert predicted.select(pl.sum_horizontal(pl.exclude("prediction"))).to_series().is_between(0.999, 1.001).all()


def test_a_changed_weights_file_is_refused(finished, tmp_path):
    """No prediction comes from weights that are not those of the contract."""
    import shutil

    place, result = finished
    bundle = tmp_path / "bundle"
    shutil.copytree(f"{result['run_dir']}/bundle", bundle)
    weights = bundle / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    done = place.run("predict", bundle, place.folder / "penguins.yaml", "-o", tmp_path / "out.csv")
    assert done.returncode == 1
    assert "YT924" in done.stderr
    assert "was changed" in done.stderr
    assert not (tmp_path / "out.csv").exists()
