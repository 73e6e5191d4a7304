"""Bundles of small fits, in this process, with every type of column."""

from pathlib import Path

import pytest

from ymltrain.bundle.predictor import load_bundle
from ymltrain.catalog.catalog import Catalog
from ymltrain.cli.main import run

from .tables import FEATURES, RECIPE, TARGETS, write_rows


def fit_mixed(folder: Path, target: str, model: str, *more: str, plugin: Path | None = None) -> int:
    """Fit the mixed table; returns the exit code."""
    write_rows(folder / "mixed.jsonl")
    recipe = folder / "mixed.yaml"
    data = folder / "mixed.jsonl"
    recipe.write_text(RECIPE.format(data=data, features=FEATURES, target=TARGETS[target], model=model), encoding="utf-8")
    plugins = ["--plugin", str(plugin)] if plugin is not None else []
    return run(["fit", str(recipe), *more, "--workspace", str(folder), *plugins, "--json"])


def bundle_in(folder: Path) -> Path:
    """The bundle of the one run in a workspace."""
    (bundle,) = folder.glob("runs/mixed/*/bundle")
    return bundle


@pytest.fixture(scope="session")
def mixed_bundle(tmp_path_factory):
    """Every type of column to one of three classes, by an mlp."""
    folder = tmp_path_factory.mktemp("mixed")
    assert fit_mixed(folder, "classification", "{type: mlp, hidden: [8]}") == 0
    return bundle_in(folder)


@pytest.fixture(scope="session")
def onnx_export(mixed_bundle, tmp_path_factory):
    """That model as ONNX."""
    folder = tmp_path_factory.mktemp("exports") / "onnx"
    assert run(["export", str(mixed_bundle), "--format", "onnx", "-o", str(folder), "--json"]) == 0
    return folder


@pytest.fixture
def load():
    """Load a bundle with the installed plugins."""
    return lambda folder: load_bundle(folder, Catalog.installed(), {})
