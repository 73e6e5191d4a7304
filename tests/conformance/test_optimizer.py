"""The built-in optimizers pass the kit; optimizers that break the contract do not."""

from __future__ import annotations

import pytest
import torch

from ymltrain.builtin.optimizer.adagrad import AdagradOptimizer, AdagradParams
from ymltrain.builtin.optimizer.adam import AdamOptimizer, AdamParams
from ymltrain.builtin.optimizer.adamw import AdamWOptimizer, AdamWParams
from ymltrain.builtin.optimizer.rmsprop import RmspropOptimizer, RmspropParams
from ymltrain.builtin.optimizer.sgd import SgdOptimizer, SgdParams
from ymltrain.testing.optimizer import OptimizerKit


class TestAdagrad(OptimizerKit):
    """`adagrad`."""

    def make(self):
        return AdagradOptimizer(AdagradParams(lr=self.lr, lr_decay=0.01))


class TestAdam(OptimizerKit):
    """`adam`."""

    def make(self):
        return AdamOptimizer(AdamParams(lr=self.lr, amsgrad=True))


class TestAdamW(OptimizerKit):
    """`adamw`."""

    def make(self):
        return AdamWOptimizer(AdamWParams(lr=self.lr))


class TestRmsprop(OptimizerKit):
    """`rmsprop`."""

    def make(self):
        return RmspropOptimizer(RmspropParams(lr=self.lr, momentum=0.5, centered=True))


class TestSgd(OptimizerKit):
    """`sgd`."""

    def make(self):
        return SgdOptimizer(SgdParams(lr=self.lr, momentum=0.9, nesterov=True))


class Forgetful(torch.optim.SGD):
    """Climbs, draws, and saves nothing."""

    def step(self, closure=None):
        for group in self.param_groups:
            for weights in group["params"]:
                weights.data += 0.5 * torch.rand_like(weights)


class Careless:
    """Breaks the contract in each way the kit looks for."""

    tensors_per_weight = 1

    def build(self, parameters):
        return Forgetful(parameters, lr=0.5)


@pytest.mark.parametrize("check", [name for name in dir(OptimizerKit) if name.startswith("test_")])
def test_each_check_finds_its_fault(check):
    """No check of the kit passes everything."""
    kit = OptimizerKit()
    kit.make = Careless
    with pytest.raises(AssertionError):
        getattr(kit, check)()
