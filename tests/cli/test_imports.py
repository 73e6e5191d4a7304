"""Each verb imports only what it needs: nothing waits for torch that does not use it."""

import os
import subprocess
import sys

import pytest

from .conftest import ROOT

RUN = """
import sys
from ymltrain.cli.main import run
code = run(sys.argv[2:])
print(code, *sorted(set(sys.argv[1].split(",")) & set(sys.modules)), file=sys.stderr)
"""
TRAINING = ["torch", "lightning", "torchmetrics", "tensorboard", "hyperopt", "scipy", "pandas", "sklearn"]
READING = ["polars", "numpy"]
RECIPES = ["omegaconf", "jsonschema"]


UNUSED = {
    "--help": [*TRAINING, *READING, *RECIPES, "rich", "msgspec", "yaml"],
    "--version": [*TRAINING, *READING, *RECIPES, "rich", "msgspec", "yaml"],
    "fit --help": [*TRAINING, *READING, *RECIPES],
    f"init {ROOT}/recipes/data/penguins.csv --target species -o -": TRAINING,
    "check penguins.yaml": TRAINING,
    "check penguins.yaml --no-data": [*TRAINING, *READING],
    "plan penguins.yaml": TRAINING,
    "explain penguins.yaml optimizer.lr": TRAINING,
    "schema": [*TRAINING, *READING],
    "plugins ls": [*TRAINING, *READING, *RECIPES],
    "plugins show model mlp": [*TRAINING, *READING],
    "runs ls": [*TRAINING, *READING],
    "runs show latest": [*TRAINING, *READING],
    "models ls": [*TRAINING, *READING],
    "models show penguins": [*TRAINING, *READING],
}
"""What a verb has no use for."""


@pytest.mark.parametrize("arguments", UNUSED)
def test_a_verb_imports_only_what_it_uses(trained, arguments):
    """Of the heavy libraries, those that a verb has no use for are not loaded."""
    command = [sys.executable, "-c", RUN, ",".join(UNUSED[arguments]), *arguments.split()]
    done = subprocess.run(command, cwd=trained.folder, capture_output=True, text=True, check=False, timeout=100)
    assert done.stderr.splitlines()[-1] == "0"


@pytest.mark.parametrize(("wish", "spins"), [({}, "30000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "PASSIVE"}, "0")])
def test_threads_that_wait_soon_sleep(trained, tmp_path, wish, spins):
    """OpenMP itself says how long its threads spin while they wait: not for long, unless the environment wants it otherwise."""
    table = ROOT / "recipes" / "data" / "penguins.csv"
    command = [sys.executable, "-m", "ymltrain", "predict", "penguins@champion", str(table), "-o", str(tmp_path / "told.csv")]
    environment = {name: value for name, value in os.environ.items() if name not in {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}}
    environment |= {"OMP_DISPLAY_ENV": "VERBOSE", **wish}
    done = subprocess.run(command, cwd=trained.folder, env=environment, capture_output=True, text=True, check=True, timeout=100)
    assert f"GOMP_SPINCOUNT = '{spins}'" in done.stderr
