"""The conformance kit of kind `strategy`."""

from __future__ import annotations

from collections.abc import Sequence

from ymltrain.api import Strategy, Topology


class StrategyKit:
    """Subclass it, and give `make` an instance; `fitting` and `unfit` are topologies it runs on and refuses."""

    fitting: Sequence[Topology] = ()
    unfit: Sequence[Topology] = ()

    def make(self) -> Strategy:
        """The strategy under test."""
        raise NotImplementedError

    def test_it_runs_on_what_fits(self) -> None:
        """No problem is named, and Lightning takes what is built."""
        from lightning.pytorch.strategies import Strategy as LightningStrategy

        assert self.fitting
        for topology in self.fitting:
            assert list(self.make().problems(topology)) == []
            assert isinstance(self.make().build(topology), (str, LightningStrategy))

    def test_it_says_why_it_does_not_fit(self) -> None:
        """Each refused topology has a reason in words."""
        for topology in self.unfit:
            problems = self.make().problems(topology)
            assert problems
            assert all(isinstance(problem, str) and problem for problem in problems)

    def test_memory_grows_with_the_model(self) -> None:
        """More parameters and more optimizer tensors take more bytes, and none take none."""
        for topology in self.fitting:
            memory = self.make().memory_per_rank
            assert memory(0, 2, topology) == 0
            assert memory(1_000, 0, topology) < memory(1_000, 2, topology) < memory(2_000, 2, topology)
