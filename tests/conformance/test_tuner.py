"""The built-in tuners pass the kit; a tuner that breaks the contract does not."""

from __future__ import annotations

import random

import pytest

from ymltrain.api import Dimension, PastTrial, Space, Uniform
from ymltrain.builtin.tuner.anneal import AnnealParams, AnnealTuner
from ymltrain.builtin.tuner.grid import GridParams, GridTuner
from ymltrain.builtin.tuner.quasi_random import QuasiRandomTuner
from ymltrain.builtin.tuner.random import RandomTuner
from ymltrain.builtin.tuner.tpe import TpeParams, TpeTuner
from ymltrain.kinds import NoParams
from ymltrain.testing.tuner import TunerKit


class TestAnneal(TunerKit):
    """`anneal`."""

    def make(self):
        return AnnealTuner(AnnealParams())


class TestGrid(TunerKit):
    """`grid`."""

    draws = False

    def make(self):
        return GridTuner(GridParams(points=3))


class TestQuasiRandom(TunerKit):
    """`quasi_random`."""

    def make(self):
        return QuasiRandomTuner(NoParams())


class TestRandom(TunerKit):
    """`random`."""

    def make(self):
        return RandomTuner(NoParams())


class TestTpe(TunerKit):
    """`tpe`."""

    def make(self):
        return TpeTuner(TpeParams(startup=6))


class Careless:
    """Breaks the contract in each way the kit looks for."""

    def problems(self, space):
        return ["it does not like it"]

    def suggest(self, space, history, pending, seed):
        if all(trial.state != "complete" for trial in history) and history:
            return {"rate": 7}
        if seed in (1, 2) and pending:
            return dict(pending[-1])
        return {"rate": 3, "share": random.Random(1 if len(history) < 20 else None).random()}


@pytest.mark.parametrize("check", [name for name in dir(TunerKit) if name.startswith("test_")])
def test_each_check_finds_its_fault(check):
    """No check of the kit passes everything."""
    kit = TunerKit()
    kit.make = Careless
    kit.space = lambda: _Lax(TunerKit.space(kit)) if check != "test_it_takes_the_space" else TunerKit.space(kit)
    with pytest.raises(AssertionError):
        getattr(kit, check)()


class _Lax:
    """The kit's space, which lets any point pass but is not fooled about what it contains."""

    def __init__(self, space):
        self._space = space

    def allows(self, point):
        return True

    def contains(self, point):
        return self._space.contains(point)


@pytest.mark.parametrize("tuner", [TpeTuner(TpeParams()), AnnealTuner(AnnealParams())], ids=["tpe", "anneal"])
def test_a_learning_tuner_learns(tuner):
    """After trials that are the better the nearer they are to one place, suggestions lie near it."""
    space = Space(dimensions=(Dimension(path="x", domain=Uniform(low=0.0, high=1.0)),))
    places = [number / 39 for number in range(40)]
    history = [
        PastTrial(number=number, point={"x": place}, state="complete", loss=(place - 0.8) ** 2)
        for number, place in enumerate(places)
    ]
    suggested = [tuner.suggest(space, history, [], seed)["x"] for seed in range(12)]
    assert sum(abs(place - 0.8) < 0.2 for place in suggested) >= 10
