"""Every searcher with every pruner: the study ends, its best is of full length, and it goes on from any kill as if there was none."""

from __future__ import annotations

import random

import pytest

from ymltrain.catalog.catalog import Catalog
from ymltrain.plan.search.domains import Choice, Uniform
from ymltrain.plan.search.space import Dimension, Space
from ymltrain.plan.search.spec import Budget

from .simulated import Simulation

EPOCHS = 9
TRIALS = 14
SPACE = Space(
    dimensions=(
        Dimension(path="rate", domain=Uniform(low=0.0, high=1.0)),
        Dimension(path="width", domain=Choice(values=("narrow", "wide"))),
    )
)
SEARCHERS = {
    "grid": {"points": 7},
    "random": {},
    "quasi_random": {},
    "tpe": {"startup": 5},
    "anneal": {},
}
PRUNERS = {
    "none": None,
    "median": {"type": "median"},
    "asha": {"type": "asha"},
    "asha, pausing": {"type": "asha", "mode": "pause"},
    "hyperband": {"type": "hyperband"},
    "hyperband, pausing": {"type": "hyperband", "mode": "pause"},
    "patience": {"type": "patience"},
}


def curve(point, epoch):
    """Better with each epoch, the more so near 0.3; wide is worse and gets worse."""
    slope = 0.1 if point["width"] == "wide" else -0.1
    return abs(point["rate"] - 0.3) + slope * epoch


def plugin(kind, params):
    """A plugin of an installed catalog."""
    loaded = Catalog.installed().load(kind, params["type"])
    return loaded.implementation(loaded.params(**{key: value for key, value in params.items() if key != "type"}))


def simulated(folder, searcher, pruner, **budget):
    """A fresh study of this pair, or one that goes on in its folder."""
    folder.mkdir(exist_ok=True)
    return Simulation(
        folder=folder,
        space=SPACE,
        tuner=plugin("tuner", {"type": searcher, **SEARCHERS[searcher]}),
        pruner=None if PRUNERS[pruner] is None else plugin("pruner", PRUNERS[pruner]),
        curve=curve,
        budget=Budget(max_trials=TRIALS, **budget),
        epochs=EPOCHS,
    )


pairs = pytest.mark.parametrize(
    ("searcher", "pruner"), [(searcher, pruner) for searcher in SEARCHERS for pruner in PRUNERS], ids=lambda name: name
)


@pairs
def test_a_pair_searches_to_the_end(tmp_path, searcher, pruner):
    """All trials end, none twice; only complete ones compete, and what was pruned was worse than the best."""
    study, closed = simulated(tmp_path / "study", searcher, pruner).run()
    assert closed.is_over
    assert len(study.trials) == TRIALS
    assert all(trial.state in ("complete", "pruned") for trial in study.trials)
    assert len({(trial.point["rate"], trial.point["width"]) for trial in study.trials}) == TRIALS
    assert study.best.state == "complete"
    assert len(study.best.values) == EPOCHS
    pruned = [trial for trial in study.trials if trial.state == "pruned"]
    if searcher in ("random", "quasi_random", "grid"):  # what learns may propose nothing that deserves it
        assert bool(pruned) == (pruner != "none")
    assert all(min(trial.values) > study.best.value for trial in pruned)


@pairs
def test_a_pair_goes_on_after_a_kill(tmp_path, searcher, pruner):
    """From wherever the journal was cut off, a resumed study asks, judges and tells what an uninterrupted one did."""
    whole = simulated(tmp_path / "whole", searcher, pruner)
    study, _ = whole.run()
    lines = whole.journal.read_bytes().splitlines(keepends=True)
    chance = random.Random(f"{searcher} {pruner}")
    for cut in chance.sample(range(1, len(lines) - 1), 2):
        resumed = simulated(tmp_path / str(cut), searcher, pruner)
        resumed.journal.write_bytes(b"".join(lines[:cut]) + lines[cut][: len(lines[cut]) // 2])
        again, _ = resumed.run()
        assert [(trial.point, trial.state, trial.values) for trial in again.trials] == [
            (trial.point, trial.state, trial.values) for trial in study.trials
        ]
