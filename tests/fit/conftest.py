"""A small real recipe, and the command line as a process."""

from pathlib import Path

import pytest

from tests.workplace import PENGUINS, Workplace

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
evaluation: {{slices: [island, {{bill_length_mm: [30, 45, 60]}}], resamples: 50}}
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


class FitPlace(Workplace):
    """A workplace that fits."""

    def fit(self, *arguments):
        return self.document("fit", "penguins.yaml", *arguments)

    def runs(self):
        return sorted((self.folder / "runs" / "penguins").iterdir())

    def versions(self):
        return self.document("models", "show", "penguins")["versions"]


def make_workplace(folder: Path) -> FitPlace:
    """A folder with the recipe in it."""
    (folder / "penguins.yaml").write_text(RECIPE.format(data=PENGUINS))
    return FitPlace(folder)


@pytest.fixture
def workplace(tmp_path):
    """A fresh workplace."""
    return make_workplace(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """One uninterrupted fit: its workplace and its result."""
    place = make_workplace(tmp_path_factory.mktemp("finished"))
    return place, place.fit()
