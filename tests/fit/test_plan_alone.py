"""A Plan alone drives a run."""

import json

from .conftest import PENGUINS, FitPlace

RECIPE = """\
recipe: 1
name: penguins
datasource: data/penguins.csv
target: species
model: linear
trainer: {max_epochs: 2}
"""


def place_with_data(folder):
    """A folder with nothing but the data."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "penguins.csv").write_bytes(PENGUINS.read_bytes())
    return FitPlace(folder)


def test_a_plan_makes_the_same_tensors_in_an_otherwise_empty_folder(tmp_path):
    """The recipe stays behind, and the tensors are those that it gives itself."""
    here, elsewhere = place_with_data(tmp_path / "here"), place_with_data(tmp_path / "elsewhere")
    here.recipe.write_text(RECIPE)
    planned = here.run("plan", "penguins.yaml", "-o", elsewhere.folder / "plan.json")
    assert planned.returncode == 0, planned.stderr
    done = elsewhere.run("fit", "--plan", "plan.json", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["tensor_digest"] == here.fit()["tensor_digest"]
    (run,) = elsewhere.runs()
    assert not (run / "recipe.yaml").exists()
    assert json.loads((run / "plan.json").read_text()) == json.loads((elsewhere.folder / "plan.json").read_text())


def test_an_edited_plan_is_refused(tmp_path):
    """What was checked is what runs."""
    place = place_with_data(tmp_path)
    place.recipe.write_text(RECIPE)
    place.run("plan", "penguins.yaml", "-o", "plan.json")
    plan = place.folder / "plan.json"
    plan.write_text(plan.read_text().replace('"max_epochs": 2', '"max_epochs": 3'))
    done = place.run("fit", "--plan", "plan.json")
    assert done.returncode == 2
    assert "error[YT812]" in done.stderr
    assert not (place.folder / "runs").exists()
