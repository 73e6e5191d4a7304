"""The command line as a process, and a workspace in which one model is trained."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

RECIPE = f"""\
recipe: 1
name: penguins
datasource: {ROOT}/recipes/data/penguins.csv
split: hash
features: {{bill_length_mm: number, island: category}}
target: species
model: {{type: linear}}
trainer: {{max_epochs: 1}}
registry: {{type: filesystem, promote: {{alias: champion, gates: []}}}}
"""


@dataclass
class Workspace:
    """A folder, and `ymltrain` run in it as a process."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments):
        command = [sys.executable, "-m", "ymltrain", *map(str, arguments)]
        environment = {**os.environ, **self.environment}
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=300, env=environment)

    def document(self, *arguments, exits=0):
        """The one document on standard output, of a command that ends with this code."""
        done = self.run(*arguments, "--json")
        assert done.returncode == exits, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A workspace with a recipe, one finished run and one registered version. Not to be changed."""
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    (workspace.folder / "penguins.yaml").write_text(RECIPE)
    workspace.document("fit", "penguins.yaml")
    return workspace


@pytest.fixture
def workspace(tmp_path):
    """A workspace with a recipe and nothing else."""
    (tmp_path / "penguins.yaml").write_text(RECIPE)
    return Workspace(tmp_path)
