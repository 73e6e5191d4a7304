"""A registered version in MLflow's registry, on a real server, loaded by MLflow's own client."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import ymltrain
from mlflow.tracking import MlflowClient

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "recipes" / "data" / "penguins.csv"
# the client's own imports warn
pytestmark = [pytest.mark.services, pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")]

RECIPE = """\
recipe: 1
name: penguins
datasource: {data}
features: {{bill_length_mm: number, island: category, sex: category}}
target: species
model: linear
trainer: {{max_epochs: 2}}
tracker: []
registry: {{type: filesystem, promote: {{alias: champion}}}}
"""

LOADED = """\
import json, sys
import mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model(sys.argv[2])
rows = pd.read_csv(sys.argv[3], na_values="NA")
signature = model.metadata.signature
print(json.dumps({
    "predicted": model.predict(rows[signature.inputs.input_names()]).to_dict("list"),
    "inputs": signature.inputs.to_dict(),
    "outputs": signature.outputs.input_names(),
}))
"""


def ymltrain_run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line, in a workspace."""
    command = [sys.executable, "-m", "ymltrain", *arguments, "--workspace", str(folder), "--json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A workspace with penguins@champion."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "penguins.yaml").write_text(RECIPE.format(data=DATA))
    done = ymltrain_run(folder, "fit", "penguins.yaml")
    assert done.returncode == 0, done.stderr
    return folder


def test_a_version_is_loaded_by_mlflow_and_predicts_the_same(server, workspace):
    """Pushed once, loaded by alias with MLflow's client: equal predictions, a signature; pushed again, nothing is made."""
    push = ("models", "push", "penguins@champion", "--to", "mlflow", f"tracking_uri={server}")
    done = ymltrain_run(workspace, *push)
    assert done.returncode == 0, done.stdout + done.stderr
    first = json.loads(done.stdout)
    assert first["taken"] == {"name": "penguins", "version": "1", "uri": "models:/penguins/1", "is_new": True}
    command = [sys.executable, "-W", "ignore", "-c", LOADED, server, "models:/penguins@champion", str(DATA)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stderr
    theirs = json.loads(loaded.stdout)
    ours = ymltrain.load("penguins@champion", workspace=workspace).predict(pl.read_csv(DATA, null_values="NA"))
    assert theirs["predicted"] == ours.to_dict(as_series=False)
    assert theirs["outputs"] == ours.columns
    assert [(column["name"], column["type"]) for column in theirs["inputs"]] == [
        ("bill_length_mm", "double"),
        ("island", "string"),
        ("sex", "string"),
    ]
    again = json.loads(ymltrain_run(workspace, *push).stdout)
    assert again["taken"] == {**first["taken"], "is_new": False}
    (version,) = MlflowClient(server).search_model_versions("name='penguins'")
    assert version.tags["ymltrain.digest"] == first["digest"]


def test_what_cannot_be_pushed_says_why(workspace):
    """A server that is not there, and a tracker that keeps no models: an error with a code, and our registry is as it was."""
    gone = ymltrain_run(workspace, "models", "push", "penguins@1", "--to", "mlflow", "tracking_uri=http://127.0.0.1:9")
    assert (gone.returncode, json.loads(gone.stdout)["error"]["code"]) == (1, "YT975")
    none = ymltrain_run(workspace, "models", "push", "penguins@1", "--to", "csv")
    assert (none.returncode, json.loads(none.stdout)["error"]["code"]) == (2, "YT974")
    assert ymltrain_run(workspace, "models", "verify").returncode == 0
