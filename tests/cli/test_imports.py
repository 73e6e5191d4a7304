"""Each verb imports only what it needs: nothing waits for torch that does not use it."""

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
