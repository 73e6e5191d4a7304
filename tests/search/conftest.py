"""A small real recipe with a tuner, and the command line as a process."""

import json
from pathlib import Path

import pytest

from tests.workplace import PENGUINS, Workplace

FAULTY = Path(__file__).parent / "faulty.py"

RECIPE = """\
recipe: 1
name: penguins
seed: 3
datasource: {data}
split: {{type: hash, train: 0.7, val: 0.15, test: 0.15}}
features: {{bill_length_mm: number, bill_depth_mm: number, island: category}}
target: species
model: {{type: mlp, hidden: [8]}}
trainer: {{max_epochs: 4, batch_size: 64}}
tuner:
  type: tpe
  startup: 3
  metric: val/loss
  max_trials: 6
  space:
    optimizer.lr: {{loguniform: [1e-3, 1e-1]}}
    model.hidden: {{choice: [[8], [16]]}}
"""


class StudyPlace(Workplace):
    """A workplace that searches."""

    def tune(self, *arguments, exits=0):
        return self.document("tune", "penguins.yaml", *arguments, exits=exits)

    def studies(self):
        return sorted((self.folder / "studies" / "penguins").iterdir())

    def journal(self):
        (study,) = self.studies()
        return [json.loads(line) for line in (study / "journal.jsonl").read_text().splitlines()]


def make_workplace(folder: Path) -> StudyPlace:
    """A folder with the recipe in it."""
    (folder / "penguins.yaml").write_text(RECIPE.format(data=PENGUINS))
    return StudyPlace(folder)


def results(document):
    """What a study came to, trial by trial, without what a clock or a worker says."""
    return [(trial["params"], trial["state"], trial["values"], trial["value"]) for trial in document["trials"]]


def is_gone(pid):
    """Whether no process of this number is left that could do anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture
def workplace(tmp_path):
    """A fresh workplace."""
    return make_workplace(tmp_path)


@pytest.fixture(scope="session")
def searched(tmp_path_factory):
    """One uninterrupted study: its workplace and its document."""
    place = make_workplace(tmp_path_factory.mktemp("searched"))
    return place, place.tune()


def children(pid):
    """The processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found
