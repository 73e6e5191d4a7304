"""The built-in strategies pass the kit; strategies that break the contract do not."""

from __future__ import annotations

import pytest

from ymltrain.api import NoParams, Topology
from ymltrain.builtin.strategy.ddp import DdpParams, DdpStrategy
from ymltrain.builtin.strategy.fsdp import FsdpParams, FsdpStrategy
from ymltrain.builtin.strategy.single import SingleStrategy
from ymltrain.testing.strategy import StrategyKit


def topology(devices=1, nodes=1, precision="32-true", accelerator="cpu"):
    """A topology of so many devices."""
    return Topology(accelerator=accelerator, nodes=nodes, devices=devices, precision=precision, batch_size=256)


class TestSingle(StrategyKit):
    """`single`."""

    fitting = (topology(), topology(accelerator="cuda", precision="bf16-mixed"), topology(accelerator="mps"))
    unfit = (topology(devices=2), topology(nodes=2))

    def make(self):
        return SingleStrategy(NoParams())


class TestDdp(StrategyKit):
    """`ddp`."""

    fitting = (topology(devices=2), topology(devices=8, nodes=4, accelerator="cuda", precision="bf16-mixed"), topology())
    unfit = (topology(devices=2, accelerator="mps"),)

    def make(self):
        return DdpStrategy(DdpParams())


class TestFsdp(StrategyKit):
    """`fsdp`."""

    fitting = (topology(devices=2), topology(devices=8, accelerator="cuda", precision="bf16-mixed"), topology())
    unfit = (topology(accelerator="mps"), topology(devices=2, accelerator="cuda", precision="16-mixed"))

    def make(self):
        return FsdpStrategy(FsdpParams())

    def test_it_cuts_the_state_evenly(self):
        """Eight devices hold an eighth each, rounded up."""
        assert self.make().memory_per_rank(1_001, 2, topology(devices=8)) == -(-1_001 * 16 // 8)


@pytest.mark.parametrize(("precision", "size"), [("32-true", 4), ("64-true", 8), ("bf16-true", 2), ("16-mixed", 4)])
def test_single_counts_weights_gradients_and_optimizer_tensors(precision, size):
    """Each takes the bytes of the plan's precision; mixed precision keeps float32 weights."""
    assert SingleStrategy(NoParams()).memory_per_rank(1_000, 2, topology(precision=precision)) == 4 * 1_000 * size


class Careless:
    """Refuses without a reason what it can run, and takes no memory."""

    def problems(self, topology):
        return [] if topology.world_size > 1 else [""]

    def memory_per_rank(self, parameters, optimizer_tensors, topology):
        return 1

    def build(self, topology):
        return None


@pytest.mark.parametrize("check", [name for name in dir(StrategyKit) if name.startswith("test_")])
def test_each_check_finds_its_fault(check):
    """No check of the kit passes everything."""
    kit = StrategyKit()
    kit.make, kit.fitting, kit.unfit = Careless, (topology(),), (topology(devices=2),)
    with pytest.raises(AssertionError):
        getattr(kit, check)()
