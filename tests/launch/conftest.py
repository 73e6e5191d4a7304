"""A small real recipe on two processes, and the command line as a process."""

import json
from pathlib import Path

import pytest

from tests.workplace import PENGUINS, Workplace

FAULTY = Path(__file__).parent / "faulty.py"

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
lr_scheduler: {{type: cosine, warmup_steps: 5}}
strategy: ddp
trainer:
  max_epochs: 4
  batch_size: 15
  accumulate_grad_batches: 2
  gradient_clip_val: 1.0
  log_every_n_steps: 1
  checkpoint: {{every_n_steps: 3, keep: 3}}
compute: {{accelerator: cpu, devices: 2}}
"""


class Place(Workplace):
    """A workplace of two processes, in which faults may happen."""

    def start(self, *arguments):
        return super().start("fit", "penguins.yaml", "--json", "--plugin", FAULTY, *arguments)

    def fit(self, *arguments, exits=0):
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=300)
        assert process.returncode == exits, errors
        return json.loads(output), errors

    def fault(self, do, nth, rank=1):
        """The override that lets something happen to a rank."""
        return f"loss={{type: faulty, do: {do}, nth: {nth}, rank: {rank}, marker: {self.folder / 'happened'}}}"

    def run_folder(self):
        (run,) = (self.folder / "runs" / "penguins").iterdir()
        return run


@pytest.fixture
def place(tmp_path):
    """A fresh folder."""
    (tmp_path / "penguins.yaml").write_text(RECIPE)
    return Place(tmp_path)


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """Uninterrupted fits by strategy, each trained once."""
    done = {}

    def fitted(strategy):
        if strategy not in done:
            place = Place(tmp_path_factory.mktemp(strategy))
            (place.folder / "penguins.yaml").write_text(RECIPE)
            done[strategy] = place.fit(f"strategy={strategy}", *(["compute.devices=1"] if strategy == "single" else []))[0]
        return done[strategy]

    return fitted
