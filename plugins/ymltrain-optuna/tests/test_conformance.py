"""The tuner `optuna` passes ymltrain's kit with each of its samplers."""

from __future__ import annotations

import pytest
from ymltrain.api import Choice, Dimension, Int, LogUniform, PastTrial, Space, Switch, Uniform
from ymltrain.testing.tuner import TunerKit

from ymltrain_optuna.tuner import OptunaParams, OptunaTuner


class TestTpe(TunerKit):
    """Multivariate TPE, over a space with everything in it."""

    def make(self):
        return OptunaTuner(OptunaParams(startup=6))


class TestCmaes(TunerKit):
    """CMA-ES, over ordered keys."""

    def make(self):
        return OptunaTuner(OptunaParams(sampler="cmaes"))

    def space(self):
        return _without(Choice, Switch)


@pytest.mark.slow
class TestGp(TunerKit):
    """A Gaussian process, over a space without branches."""

    def make(self):
        return OptunaTuner(OptunaParams(sampler="gp", startup=28))

    def space(self):
        return _without(Switch)


def _without(*kinds):
    space = TunerKit().space()
    kept = [one for one in space.dimensions if not isinstance(one.domain, kinds) and not one.when]
    return Space(dimensions=tuple(kept), constraints=space.constraints)


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", pytest.param("gp", marks=pytest.mark.slow)])
def test_it_learns(sampler):
    """After a search near one place, suggestions lie near it."""
    space = Space(
        dimensions=(Dimension(path="x", domain=Uniform(low=0.0, high=1.0)), Dimension(path="n", domain=Int(low=0, high=9)))
    )
    tuner = OptunaTuner(OptunaParams(sampler=sampler))
    history: list[PastTrial] = []
    while len(history) < 40:
        point = dict(tuner.suggest(space, history, [], 4))
        loss = (point["x"] - 0.8) ** 2 + 0.02 * (point["n"] - 7) ** 2
        history.append(PastTrial(number=len(history), point=point, state="complete", loss=loss))
    assert sum(abs(trial.point["x"] - 0.8) < 0.25 for trial in history[-10:]) >= 7


def test_what_a_sampler_cannot_honour_is_refused():
    """CMA-ES refuses unordered values and branches, the Gaussian process branches; TPE takes all."""
    space = TunerKit().space()
    assert OptunaTuner(OptunaParams()).problems(space) == []
    assert OptunaTuner(OptunaParams(sampler="gp")).problems(space) == ["gp knows no branches, and kind is a switch"]
    assert len(OptunaTuner(OptunaParams(sampler="cmaes")).problems(space)) == 2
    assert (
        OptunaTuner(OptunaParams(sampler="cmaes")).problems(
            Space(dimensions=(Dimension(path="lr", domain=LogUniform(low=0.1, high=1.0)),))
        )
        == []
    )
