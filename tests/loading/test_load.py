"""`ymltrain.load`: from a name to predictions, without what trains."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.cli.main import run
from ymltrain.registry import Registry

ROOT = Path(__file__).resolve().parents[2]
PENGUINS = ROOT / "recipes" / "data" / "penguins.csv"

RECIPE = f"""\
recipe: 1
name: penguins
datasource: {PENGUINS}
split: hash
features: {{bill_length_mm: number, island: category}}
target: species
model: linear
trainer: {{max_epochs: 1}}
registry:
  type: filesystem
  promote: {{alias: champion, gates: [{{check: golden}}, {{check: latency, at_most: 10000}}, {{check: size, at_most: 1e6}}]}}
"""

LOAD = f"""
import sys
import ymltrain
after_import = sorted({{"torch", "lightning", "polars"}} & set(sys.modules))
import polars as pl
table = pl.read_csv({str(PENGUINS)!r}, null_values="NA")
model = ymltrain.load("penguins@champion", workspace=sys.argv[1])
predicted = model.predict(table)
unwanted = ["lightning", "pytorch_lightning", "torchmetrics", "tensorboard", "hyperopt", "omegaconf"]
import json
print(json.dumps([after_import, [name for name in unwanted if name in sys.modules], predicted["prediction"].to_list()]))
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which a model is trained, registered and promoted by its gates."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "recipe.yaml").write_text(RECIPE)
    assert run(["fit", str(folder / "recipe.yaml"), "--workspace", str(folder)]) == 0
    return folder


def registry_of(workspace: Path) -> Registry:
    """The workspace's registry."""
    return Registry(FilesystemRegistry(FilesystemParams(url=str(workspace / "registry"))))


def test_load_and_predict(workspace: Path, tmp_path: Path) -> None:
    """It predicts what `ymltrain predict` does; importing ymltrain loads nothing heavy, loading a model nothing that trains."""
    done = subprocess.run([sys.executable, "-c", LOAD, str(workspace)], capture_output=True, text=True, check=True)
    after_import, unwanted, predicted = json.loads(done.stdout)
    assert (after_import, unwanted) == ([], [])
    arguments = ["predict", "penguins@champion", str(PENGUINS), "-o", str(tmp_path / "out.jsonl"), "--workspace", str(workspace)]
    assert run(arguments) == 0
    assert predicted == [json.loads(line)["prediction"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]


def test_what_a_fit_records(workspace: Path) -> None:
    """A version knows its run, data, recipe and plan, the rows it was evaluated on, its goals, its gates and their outcomes."""
    registry = registry_of(workspace)
    version = registry.resolve("penguins@champion")
    assert {"run", "data", "recipe", "plan"} <= {link.type for link in version.links}
    assert version.evaluated_on is not None
    assert version.goals["test/accuracy"] == "maximize"
    promotion = registry.events("penguins")[-1].change
    assert [(gate.metric, gate.passed) for gate in promotion.gates] == [("golden", True), ("latency", True), ("size", True)]
    assert promotion.gates[1].value > 0


def test_what_is_attested(workspace: Path) -> None:
    """The in-toto statement names every file by its digest, the recipe, the data and the libraries of the run."""
    registry = registry_of(workspace)
    version = registry.resolve("penguins@1")
    (path,) = (workspace / "registry/attestations/sha256").glob(f"*/{version.digest.removeprefix('sha256:')}.*")
    statement = json.loads(path.read_text())
    assert (statement["_type"], statement["predicateType"]) == ("https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1")
    files = {file.path: file.digest.removeprefix("sha256:") for file in registry.manifest(version).files}
    assert {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}.items() >= files.items()
    definition, details = statement["predicate"]["buildDefinition"], statement["predicate"]["runDetails"]
    assert definition["externalParameters"]["recipe"]["name"] == "penguins"
    dependencies = definition["resolvedDependencies"]
    data = next(link for link in version.links if link.type == "data")
    assert {"sha256": data.id.removeprefix("sha256:")} in [dependency.get("digest") for dependency in dependencies]
    assert any(dependency.get("uri", "").startswith("pkg:pypi/torch@") for dependency in dependencies)
    assert details["metadata"]["invocationId"] == version.run_id
    assert details["metadata"]["startedOn"]
