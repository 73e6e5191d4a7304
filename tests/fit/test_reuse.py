"""A rerun does not do again what has not changed."""

import json
import shutil


def test_an_unchanged_recipe_trains_once(workplace):
    """The second run takes weights, metrics and version of the first; its bundle is its own."""
    first, second = workplace.fit(), workplace.fit()
    assert second["run_id"] != first["run_id"]
    assert second["reused"] == dict.fromkeys(("train", "evaluate", "register"), first["run_id"])
    assert second["tensor_digest"] == first["tensor_digest"]
    assert second["metrics"] == first["metrics"]
    assert second["model"] == first["model"]
    assert len(workplace.versions()) == 1
    assert (workplace.folder / "runs" / "penguins" / second["run_id"] / "bundle" / "weights.safetensors").is_file()


def test_only_what_a_change_reaches_is_done_again(workplace):
    """What is registered under another name is not trained again; another learning rate is, on data that are encoded already."""
    first = workplace.fit()
    renamed = workplace.fit("registry.name=birds")
    assert set(renamed["reused"]) == {"train", "evaluate"}
    assert renamed["model"]["name"] == "birds"
    changed = workplace.fit("optimizer.lr=0.02")
    assert changed["reused"] == {}
    assert changed["tensor_digest"] != first["tensor_digest"]
    assert len(list((workplace.folder / "cache" / "data").iterdir())) == 1


def test_changed_data_are_trained_on(workplace):
    """The data count by their content, wherever they lie."""
    data = workplace.folder / "penguins.csv"
    source = workplace.recipe.read_text().split("datasource: ")[1].split("\n")[0]
    shutil.copy(source, data)
    first = workplace.fit()
    assert "train" in workplace.fit(f"datasource={data}")["reused"]
    data.write_text("\n".join(data.read_text().splitlines()[:-1]) + "\n")
    assert workplace.fit(f"datasource={data}")["tensor_digest"] != first["tensor_digest"]


def test_a_stage_can_be_forced(workplace):
    """--force-stage does a stage and all that build upon it; the same inputs give the same tensors."""
    first = workplace.fit()
    forced = workplace.fit("--force-stage", "train")
    assert forced["reused"] == {}
    assert forced["steps"] == first["steps"]
    assert forced["tensor_digest"] == first["tensor_digest"]
    assert (workplace.folder / "runs" / "penguins" / forced["run_id"] / "checkpoints").is_dir()
    done = workplace.run("fit", "penguins.yaml", "--force-stage", "trian", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["hint"] == 'did you mean "train"?'
    assert len(workplace.runs()) == 2


def test_an_earlier_run_that_was_removed_is_not_missed(workplace):
    """Without its bundle there is nothing to take, so the stage is done."""
    first = workplace.fit()
    shutil.rmtree(workplace.folder / "runs" / "penguins" / first["run_id"])
    again = workplace.fit()
    assert "train" not in again["reused"]
    assert again["tensor_digest"] == first["tensor_digest"]
