"""A small real recipe, and the command line as a process."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PENGUINS = ROOT / "recipes" / "data" / "penguins.csv"
KILLER = Path(__file__).parent / "killer.py"

RECIPE = """\
recipe: 1
name: penguins
seed: 3
datasource: {data}
split: {{type: hash, train: 0.7, val: 0.15, test: 0.15}}
features: {{bill_length_mm: number, bill_depth_mm: number, island: category, sex: category}}
target: species
model: {{type: mlp, hidden: [16], dropout: 0.2}}
optimizer: {{type: adamw, lr: 1e-2}}
lr_scheduler: {{type: cosine, warmup_steps: 5}}
trainer:
  max_epochs: 6
  batch_size: 16
  accumulate_grad_batches: 2
  gradient_clip_val: 1.0
  log_every_n_steps: 1
  checkpoint: {{every_n_steps: 3}}
registry: {{type: filesystem, promote: {{alias: champion, gates: [{{metric: test/accuracy, at_least: 0.0}}]}}}}
"""


@dataclass
class Workplace:
    """A folder with a recipe, and `ymltrain` run in it as a process."""

    folder: Path

    @property
    def recipe(self) -> Path:
        return self.folder / "penguins.yaml"

    def command(self, *arguments):
        return [sys.executable, "-m", "ymltrain", *map(str, arguments)]

    def start(self, *arguments, **more):
        return subprocess.Popen(
            self.command(*arguments), cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
        )

    def run(self, *arguments, env=None):
        environment = {**os.environ, **(env or {})}
        return subprocess.run(
            self.command(*arguments), cwd=self.folder, capture_output=True, text=True, check=False, timeout=300, env=environment
        )

    def fit(self, *arguments):
        done = self.run("fit", "penguins.yaml", "--json", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def runs(self):
        return sorted((self.folder / "runs" / "penguins").iterdir())

    def versions(self):
        return json.loads(self.run("models", "show", "penguins", "--json").stdout)["versions"]


def make_workplace(folder: Path) -> Workplace:
    """A folder with the recipe in it."""
    (folder / "penguins.yaml").write_text(RECIPE.format(data=PENGUINS))
    return Workplace(folder)


@pytest.fixture
def workplace(tmp_path):
    """A fresh workplace."""
    return make_workplace(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """One uninterrupted fit: its workplace and its result."""
    place = make_workplace(tmp_path_factory.mktemp("finished"))
    return place, place.fit()
