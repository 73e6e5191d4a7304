"""Bundles made by real fits, in this process."""

import json
from pathlib import Path

import pytest

from ymltrain.bundle.predictor import load_bundle
from ymltrain.catalog.catalog import Catalog
from ymltrain.cli.main import run

DATA = Path(__file__).resolve().parents[2] / "recipes" / "data"
RECIPE = """\
recipe: 1
name: small
datasource: {data}
features: {features}
target: {target}
model: {{type: mlp, hidden: [8]}}
trainer: {{max_epochs: 1}}
skew: {{golden_rows: 50}}
"""


def fit_bundle(folder: Path, data: Path, features: str, target: str, *overrides: str) -> Path:
    """Fit a small recipe and return its bundle folder."""
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.format(data=data, features=features, target=target))
    assert run(["fit", str(recipe), *overrides, "--workspace", str(folder)]) == 0
    (bundle,) = folder.glob("runs/small/*/bundle")
    return bundle


@pytest.fixture(scope="session")
def regression_bundle(tmp_path_factory):
    """Carat, cut and clarity to price, in dollars, trained on logarithms."""
    features = "{carat: number, cut: category, clarity: category}"
    return fit_bundle(tmp_path_factory.mktemp("regression"), DATA / "diamonds.csv", features, "{column: price, transform: log}")


@pytest.fixture(scope="session")
def classification_bundle(tmp_path_factory):
    """Measurements to species."""
    features = "{bill_length_mm: number, sex: category}"
    return fit_bundle(tmp_path_factory.mktemp("classification"), DATA / "penguins.csv", features, "species")


@pytest.fixture
def load():
    """Load a bundle with the installed plugins."""
    return lambda folder: load_bundle(folder, Catalog.installed(), {})


@pytest.fixture
def edit_contract():
    """Change a value deep in a bundle's contract."""

    def edit(folder: Path, change) -> None:
        path = folder / "contract.json"
        contract = json.loads(path.read_text())
        change(contract)
        path.write_text(json.dumps(contract))

    return edit
