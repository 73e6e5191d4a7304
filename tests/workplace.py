"""A folder with a recipe in it, and the command line run there as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PENGUINS = ROOT / "recipes" / "data" / "penguins.csv"
TINY_TRANSFORMER = f"""\
recipe: 1
name: texts
seed: 4
datasource: {{type: text, path: {ROOT}/recipes/data/python-docs/faq/gui.txt, rows: line}}
split: {{type: random, train: 0.8, val: 0.1, test: 0.1}}
target: {{column: text, task: next_token, context: 32}}
model: {{type: transformer, layers: 2, width: 32, heads: 4, kv_heads: 2, dropout: 0.1}}
"""
"""A recipe without its trainer: two layers on the lines of one text."""


@dataclass
class Workplace:
    """A folder, the recipe `penguins.yaml` in it, and `ymltrain` run there as a process."""

    folder: Path

    @property
    def recipe(self) -> Path:
        return self.folder / "penguins.yaml"

    def command(self, *arguments):
        return [sys.executable, "-m", "ymltrain", *map(str, arguments)]

    def start(self, *arguments, **more):
        """A process that runs on, its two outputs to be read."""
        command = self.command(*arguments)
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)

    def run(self, *arguments, env=None, **more):
        """A process that has ended."""
        command, environment = self.command(*arguments), {**os.environ, **(env or {})}
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=300, env=environment, **more
        )

    def document(self, *arguments, exits=0, env=None):
        """What a verb prints with `--json`, once it has ended as it should."""
        done = self.run(*arguments, "--json", env=env)
        assert done.returncode == exits, done.stdout + done.stderr
        return json.loads(done.stdout)
