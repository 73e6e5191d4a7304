"""When a search ends: trials, time, a value reached, no improvement, failures, a space that is used up."""

from __future__ import annotations

import time

import pytest

from ymltrain.builtin.tuner.grid import GridParams, GridTuner
from ymltrain.plan.search.domains import Ordinal
from ymltrain.plan.search.space import Dimension, Space
from ymltrain.plan.search.spec import Budget, Stop

from .simulated import Simulation

VALUES = (5, 4, 6, 3, 3, 7, 8, 2, 9, 1)
"""What the trials of the grid come to, in turn."""


def searched(folder, budget, curve=lambda point, epoch: VALUES[point["x"]], goal="minimize"):
    """The study of a grid of ten points, and how it ended."""
    space = Space(dimensions=(Dimension(path="x", domain=Ordinal(values=tuple(range(len(VALUES))))),))
    tuner = GridTuner(GridParams())
    return Simulation(folder=folder, space=space, tuner=tuner, pruner=None, curve=curve, budget=budget, epochs=1, goal=goal).run()


def failing(point, epoch):
    """Every second trial fails."""
    if point["x"] % 2:
        raise ArithmeticError("odd")
    return VALUES[point["x"]]


@pytest.mark.parametrize("parallel", [1, 2])
@pytest.mark.parametrize(
    ("budget", "trials", "reason"),
    [
        (Budget(max_trials=4), 4, "all 4 trials are used up"),
        (Budget(max_trials=50), 10, "every point of the space was tried"),
        (Budget(stop=Stop(value=3)), 4, "a trial reached val/loss 3"),
        (Budget(stop=Stop(value=3.5)), 4, "a trial reached val/loss 3.5"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else "",
)
def test_a_budget_ends_the_search(tmp_path, budget, trials, reason, parallel):
    """It ends after the trial that meets the rule, and says which rule that was; with a second worker one more may run."""
    budget = Budget(max_trials=budget.max_trials, stop=budget.stop, parallel=parallel)
    study, closed = searched(tmp_path, budget)
    assert (closed.reason, closed.is_over) == (reason, True)
    assert trials <= len(study.trials) <= min(trials + parallel - 1, len(VALUES))
    assert all(trial.has_ended for trial in study.trials)


@pytest.mark.parametrize(("patience", "trials"), [(1, 3), (3, 7)])
def test_a_search_that_improves_no_more_ends(tmp_path, patience, trials):
    """So many complete trials in a row that are no better than the best before them."""
    study, closed = searched(tmp_path, Budget(stop=Stop(no_improvement=patience)))
    assert closed.reason == f"{patience} complete trials in a row brought no improvement"
    assert len(study.trials) == trials


def test_a_trial_that_still_runs_may_bring_the_improvement(tmp_path):
    """With two workers the eighth trial is running when three have brought nothing; it is better than all, and the search goes on."""
    study, closed = searched(tmp_path, Budget(stop=Stop(no_improvement=3), parallel=2))
    assert VALUES[7] == 2
    assert len(study.trials) > 8
    assert closed.reason == "every point of the space was tried"


def test_a_value_to_reach_goes_by_the_goal(tmp_path):
    """Where more is better, a value is reached from below."""
    study, closed = searched(tmp_path, Budget(stop=Stop(value=6.5)), goal="maximize")
    assert closed.reason == "a trial reached val/loss 6.5"
    assert study.best.value == 7
    assert len(study.trials) == 6


def test_time_ends_a_search_that_can_go_on(tmp_path):
    """No trial starts once the time is over; the study is not over, and goes on where it was when it is given more."""

    def slow(point, epoch):
        time.sleep(0.02)
        return VALUES[point["x"]]

    study, closed = searched(tmp_path, Budget(max_time="0.05s"), curve=slow)
    assert (closed.reason, closed.is_over) == ("its time of 0.05s is over", False)
    assert 0 < len(study.trials) < len(VALUES)
    ended = [trial.value for trial in study.trials]
    study, closed = searched(tmp_path, Budget(max_time="0.05s"), curve=slow)
    assert [trial.value for trial in study.trials] == ended  # the time is that of all its sessions
    study, closed = searched(tmp_path, Budget(max_time="10m"), curve=slow)
    assert closed.reason == "every point of the space was tried"
    assert [trial.value for trial in study.trials] == list(VALUES)


def test_failures_end_a_search_with_a_summary(tmp_path):
    """More failures than allowed end it; they are counted by their class."""
    study, closed = searched(tmp_path, Budget(max_failures=2), curve=failing)
    assert closed.reason == "3 trials failed: 3 × user_error"
    assert [trial.state for trial in study.trials] == ["complete", "failed"] * 3


def test_hopeless_searches_end_after_three(tmp_path):
    """When the first three fail alike, so would the rest."""

    def broken(point, epoch):
        raise ArithmeticError("no such layer")

    study, closed = searched(tmp_path, Budget(max_failures=9), curve=broken)
    assert closed.reason == "the first 3 trials all failed: no such layer"
    assert study.best is None
    assert len(study.trials) == 3
