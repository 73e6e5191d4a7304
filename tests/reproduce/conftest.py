"""A git repository with a recipe and a plugin in it, and `ymltrain` run there as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "recipes" / "data" / "penguins.csv"

RECIPE = """\
recipe: 1
name: penguins
seed: 3
datasource: rows.csv
split: {type: hash, train: 0.7, val: 0.15, test: 0.15}
features: {bill_length_mm: number, bill_depth_mm: number, island: category}
target: species
model: {type: mlp, hidden: [8], dropout: 0.2}
optimizer: {type: adamw, lr: 1e-2}
trainer: {max_epochs: 3, batch_size: 16, log_every_n_steps: 2}
tracker: csv
"""


@dataclass
class Place:
    """A work tree with a recipe, its data beside it."""

    folder: Path

    def git(self, *words):
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *identity, *words], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def run(self, *arguments, exits=0, env=None):
        command = [sys.executable, "-m", "ymltrain", *map(str, arguments)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **(env or {})}
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=300, env=environment)
        assert done.returncode == exits, done.stdout + done.stderr
        return done

    def document(self, *arguments, exits=0, env=None):
        return json.loads(self.run(*arguments, "--json", exits=exits, env=env).stdout)


def make_place(folder: Path) -> Place:
    """A repository with one commit: the recipe; data and runs are not in git."""
    place = Place(folder)
    (folder / "rows.csv").write_bytes(DATA.read_bytes())
    (folder / "penguins.yaml").write_text(RECIPE)
    (folder / ".gitignore").write_text("/runs/\n/cache/\n/registry/\nrows.csv\n")
    place.git("init", "--initial-branch=trunk")
    place.git("add", "-A")
    place.git("commit", "-m", "first")
    return place


@pytest.fixture
def place(tmp_path):
    """A fresh place."""
    return make_place(tmp_path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A place with one finished run, and its result. Not to be changed."""
    place = make_place(tmp_path_factory.mktemp("trained"))
    return place, place.document("fit", "penguins.yaml")
