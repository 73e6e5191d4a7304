"""What `plugins new` writes installs and passes at once, for each kind that has a built-in plugin."""

import sys

import pytest

from ymltrain.authoring import kinds_with_templates
from ymltrain.catalog.catalog import Catalog
from ymltrain.kinds import KINDS

from .conftest import ROOT

BUILT_IN = [kind for kind in KINDS if Catalog.installed().only("ymltrain").names(kind)]


def test_each_kind_that_has_a_plugin_has_a_template():
    """Whoever sees a plugin of a kind can begin one of their own."""
    assert set(BUILT_IN) <= set(kinds_with_templates())


@pytest.fixture(scope="module")
def installed(place):
    """A distribution of each kind, written and installed."""
    for kind in kinds_with_templates():
        place.ymltrain("plugins", "new", kind, f"my_{kind}", "--into", "mine")
    place.install(*sorted((place.folder / "mine").iterdir()))
    return place


@pytest.mark.slow
@pytest.mark.parametrize("kind", kinds_with_templates())
def test_it_passes_its_tests_once_installed(installed, kind):
    """Its own tests, the kit's among them, pass as they were written, with warnings as errors."""
    folder = installed.folder / "mine" / f"ymltrain-my-{kind.replace('_', '-')}"
    shown = installed.call(installed.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder)
    assert " passed" in shown
    assert "skipped" not in shown


@pytest.mark.slow
def test_they_are_found_and_shown(installed):
    """Each is listed with its distribution, found sound when it is loaded, and shown with its params."""
    listed = {(one["kind"], one["name"]): one for one in installed.ymltrain("plugins", "ls", "--check")}
    for kind in kinds_with_templates():
        found = listed[kind, f"my_{kind}"]
        assert found["ok"], found
        assert found["distribution"] == f"ymltrain-my-{kind.replace('_', '-')}"
        shown = installed.ymltrain("plugins", "show", kind, f"my_{kind}")
        assert shown["summary"]
        assert all(param.get("description") for param in shown["params"]["properties"].values())


@pytest.mark.slow
def test_recipes_can_use_them(installed):
    """A recipe that names what was written is trained with it."""
    recipe = installed.folder / "recipe.yaml"
    (installed.folder / "diamonds.csv").write_bytes((ROOT / "recipes" / "data" / "diamonds.csv").read_bytes())
    recipe.write_text(
        "recipe: 1\nname: mine\ndatasource: diamonds.csv\ntarget: price\n"
        "features:\n  carat: {type: number, encoder: my_encoder}\n  cut: category\n"
        "model: {type: my_model, width: 8}\noptimizer: {type: my_optimizer, lr: 1e-3}\nlr_scheduler: my_lr_scheduler\n"
        "loss: my_loss\nmetrics: [my_metric]\nsplit: my_split\nstrategy: my_strategy\ntracker: [my_tracker]\n"
        "registry: {type: my_registry}\ntrainer: {max_epochs: 1}\n"
    )
    result = installed.ymltrain("fit", "recipe.yaml")
    assert result["status"] == "done"
    assert result["metrics"]["test/my_metric"] > 0
    assert result["model"]["version"] == 1


@pytest.mark.slow
def test_they_are_written_as_this_project_writes(installed):
    """A linter and a strict type checker have nothing to say of them."""
    folders = sorted((installed.folder / "mine").iterdir())
    for folder in folders:
        installed.call(sys.executable, "-m", "ruff", "check", "--isolated", "--line-length", "132", cwd=folder)
        installed.call(sys.executable, "-m", "ruff", "format", "--check", "--isolated", "--line-length", "132", cwd=folder)
    packages = [package for folder in folders for package in (folder / "src").iterdir()]
    mypy = (sys.executable, "-m", "mypy", "--strict", "--config-file", ROOT / "pyproject.toml", "--cache-dir", ROOT / ".mypy_cache")
    installed.call(*mypy, *packages)
