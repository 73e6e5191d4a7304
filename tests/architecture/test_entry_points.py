"""What pyproject.toml offers as plugins is there."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ymltrain.catalog.catalog import Catalog
from ymltrain.kinds import KINDS, params_schema
from ymltrain.kinds.api_version import API_GROUP, API_VERSION

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "lightning", "torchmetrics", "tensorboard", "hyperopt")

OFFERED = [
    (group.removeprefix("ymltrain."), name, value)
    for file in [ROOT / "pyproject.toml", *sorted((ROOT / "plugins").glob("*/pyproject.toml"))]
    for group, entries in tomllib.loads(file.read_text())["project"].get("entry-points", {}).items()
    for name, value in entries.items()
    if group != API_GROUP
]

TELL_HEAVY = """
import importlib, sys
importlib.import_module(sys.argv[2])
print(sorted(set(sys.argv[1].split(",")) & set(sys.modules)))
"""

offered = pytest.mark.parametrize(("kind", "name", "value"), OFFERED, ids=[f"{kind}-{name}" for kind, name, _ in OFFERED])


def test_groups_are_kinds():
    """Every entry point group is that of a kind, so that no plugin is offered where nobody looks."""
    assert {kind for kind, _, _ in OFFERED} <= set(KINDS)


@pytest.mark.parametrize("file", sorted((ROOT / "plugins").glob("*/pyproject.toml")), ids=lambda file: file.parent.name)
def test_a_distribution_says_which_api_it_is_built_for(file):
    """Each distribution here states the version of the plugin API that is current."""
    stated = tomllib.loads(file.read_text())["project"].get("entry-points", {}).get(API_GROUP, {})
    assert stated == {f"v{API_VERSION}": "ymltrain.api"}


@offered
def test_an_entry_point_leads_to_its_plugin(kind, name, value):
    """The catalog finds it as installed, and what it names keeps the contract of that kind."""
    catalog = Catalog.installed()
    assert catalog.find(kind, name).source.entry == value
    assert params_schema(catalog.load(kind, name).params)["additionalProperties"] is False


@offered
def test_a_plugin_loads_without_what_it_trains_with(kind, name, value):
    """Importing its module alone, as `plugins show` and `check` do, brings neither torch nor lightning."""
    command = [sys.executable, "-c", TELL_HEAVY, ",".join(HEAVY), value.partition(":")[0]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr
