"""The conformance kit of kind `lr_scheduler`."""

from __future__ import annotations

import math

from ymltrain.api import LrScheduler


class LrSchedulerKit:
    """Subclass it, and give `make` an instance with the params to test."""

    def make(self) -> LrScheduler:
        """The schedule under test."""
        raise NotImplementedError

    def test_factors_are_usable(self) -> None:
        """Finite and never negative, for every step of short and long trainings."""
        for total, per_epoch in ((1, 1), (7, 7), (120, 12), (5_000, 100)):
            factors = [self.make().factor(step, total, per_epoch) for step in range(total)]
            assert all(math.isfinite(factor) and factor >= 0 for factor in factors)

    def test_the_first_step_learns(self) -> None:
        """A factor of 0 at the start would waste a batch."""
        assert self.make().factor(0, 100, 10) > 0

    def test_it_is_a_pure_function(self) -> None:
        """Asked in any order, again, or by another instance, a step has one factor: resuming needs no state of it."""
        schedule = self.make()
        forward = [schedule.factor(step, 60, 6) for step in range(60)]
        assert [schedule.factor(step, 60, 6) for step in reversed(range(60))] == forward[::-1]
        assert [self.make().factor(step, 60, 6) for step in range(60)] == forward
