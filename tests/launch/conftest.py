"""A small real recipe on two processes, and the command line as a process."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workplace import PENGUINS, TINY_TRANSFORMER, Workplace

FAULTY = Path(__file__).parent / "faulty.py"

TRAINING = """\
lr_scheduler: {type: cosine, warmup_steps: 5}
strategy: ddp
compute: {accelerator: cpu, devices: 2}
trainer:
  batch_size: 15
  accumulate_grad_batches: 2
  gradient_clip_val: 1.0
  log_every_n_steps: 1
  checkpoint: {every_n_steps: 3, keep: 3}
"""

RECIPE = f"""\
recipe: 1
name: penguins
seed: 3
datasource: {PENGUINS}
split: {{type: hash, train: 0.7, val: 0.15, test: 0.15}}
features: {{bill_length_mm: number, bill_depth_mm: number, island: category, sex: category}}
target: species
model: {{type: mlp, hidden: [16], dropout: 0.2}}
optimizer: {{type: adamw, lr: 1e-2}}
{TRAINING}  max_epochs: 4
"""


TEXTS = f"""\
{TINY_TRANSFORMER}optimizer: {{type: adamw, lr: 3e-3}}
{TRAINING}  max_epochs: 3
"""
RECIPES = {"penguins": RECIPE, "texts": TEXTS}


@dataclass
class Place(Workplace):
    """A workplace of two processes, in which faults may happen."""

    name: str = "penguins"

    def start(self, *arguments):
        return super().start("fit", f"{self.name}.yaml", "--json", "--plugin", FAULTY, *arguments)

    def fit(self, *arguments, exits=0):
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=300)
        assert process.returncode == exits, errors
        return json.loads(output), errors

    def fault(self, do, nth, rank=1):
        """The override that lets something happen to a rank."""
        return f"loss={{type: faulty, do: {do}, nth: {nth}, rank: {rank}, marker: {self.folder / 'happened'}}}"

    def run_folder(self):
        (run,) = (self.folder / "runs" / self.name).iterdir()
        return run


def make_place(folder, name="penguins"):
    """A folder with one of the recipes in it."""
    (folder / f"{name}.yaml").write_text(RECIPES[name])
    return Place(folder, name)


@pytest.fixture
def place(tmp_path):
    """A fresh folder."""
    return make_place(tmp_path)


@pytest.fixture
def texts(tmp_path):
    """A fresh folder for a small transformer."""
    return make_place(tmp_path, "texts")


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """Uninterrupted fits by strategy and recipe, each trained once."""
    done = {}

    def fitted(strategy, name="penguins"):
        if (strategy, name) not in done:
            place = make_place(tmp_path_factory.mktemp(strategy), name)
            one = ["compute.devices=1"] if strategy == "single" else []
            done[strategy, name] = place.fit(f"strategy={strategy}", *one)[0]
        return done[strategy, name]

    return fitted
