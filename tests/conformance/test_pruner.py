"""The built-in pruners pass the kit; pruners that break the contract do not."""

from __future__ import annotations

import random

import pytest

from ymltrain.api import Rung
from ymltrain.builtin.pruner.asha import AshaParams, AshaPruner
from ymltrain.builtin.pruner.hyperband import HyperbandParams, HyperbandPruner
from ymltrain.builtin.pruner.median import MedianParams, MedianPruner
from ymltrain.builtin.pruner.patience import PatienceParams, PatiencePruner
from ymltrain.testing.pruner import EPOCHS, PrunerKit


class TestAsha(PrunerKit):
    """`asha`, stopping."""

    def make(self):
        return AshaPruner(AshaParams())


class TestAshaPausing(PrunerKit):
    """`asha`, pausing and promoting."""

    def make(self):
        return AshaPruner(AshaParams(mode="pause"))


class TestHyperband(PrunerKit):
    """`hyperband`, stopping."""

    def make(self):
        return HyperbandPruner(HyperbandParams())


class TestHyperbandPausing(PrunerKit):
    """`hyperband`, pausing and promoting."""

    def make(self):
        return HyperbandPruner(HyperbandParams(mode="pause"))


class TestMedian(PrunerKit):
    """`median`."""

    def make(self):
        return MedianPruner(MedianParams())


class TestPatience(PrunerKit):
    """`patience`."""

    def make(self):
        return PatiencePruner(PatienceParams())


class Erratic:
    """Stops the best, draws, and has rungs beyond the end."""

    def rungs(self, max_trials, max_epochs):
        return [Rung(epoch=max_epochs + 1, trials=max_trials), Rung(epoch=1, trials=max_trials)]

    def decide(self, trial, curves, max_epochs):
        return "stop" if random.random() < 0.9 or len(curves) == 1 else "continue"

    def promote(self, curves, max_epochs):
        return None


class Idle(Erratic):
    """Stops nothing."""

    def decide(self, trial, curves, max_epochs):
        return "continue"


@pytest.mark.parametrize("check", [name for name in dir(PrunerKit) if name.startswith("test_")])
def test_each_check_finds_its_fault(check):
    """No check of the kit passes everything."""
    random.seed(1)
    kit = PrunerKit()
    kit.make = Idle if check == "test_bad_trials_are_spared" else Erratic
    with pytest.raises(AssertionError):
        getattr(kit, check)()


def test_epochs_of_the_kit_suit_eta_three():
    """The kit's rungs, 1 and 3 of 9 epochs, are those that the default eta gives."""
    assert [rung.epoch for rung in AshaPruner(AshaParams()).rungs(24, EPOCHS)] == [1, 3, 9]
