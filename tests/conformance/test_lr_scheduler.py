"""The built-in schedules pass the kit; schedules that break the contract do not."""

from __future__ import annotations

import itertools

import pytest

from ymltrain.builtin.lr_scheduler.constant import ConstantParams, ConstantSchedule
from ymltrain.builtin.lr_scheduler.cosine import CosineParams, CosineSchedule
from ymltrain.builtin.lr_scheduler.exponential import ExponentialParams, ExponentialSchedule
from ymltrain.builtin.lr_scheduler.linear import LinearParams, LinearSchedule
from ymltrain.builtin.lr_scheduler.step import StepParams, StepSchedule
from ymltrain.testing.lr_scheduler import LrSchedulerKit


class TestConstant(LrSchedulerKit):
    """`constant`."""

    def make(self):
        return ConstantSchedule(ConstantParams())


class TestCosine(LrSchedulerKit):
    """`cosine`, with a warm-up longer than some trainings."""

    def make(self):
        return CosineSchedule(CosineParams(warmup_steps=30))


class TestExponential(LrSchedulerKit):
    """`exponential`."""

    def make(self):
        return ExponentialSchedule(ExponentialParams(warmup_steps=3))


class TestLinear(LrSchedulerKit):
    """`linear`."""

    def make(self):
        return LinearSchedule(LinearParams())


class TestStep(LrSchedulerKit):
    """`step`."""

    def make(self):
        return StepSchedule(StepParams(step_size=2))


class Counting:
    """Starts at 0, falls below it, and counts its calls."""

    calls = itertools.count()

    def factor(self, step, total_steps, steps_per_epoch):
        return -float(step * next(self.calls))


@pytest.mark.parametrize("check", [name for name in dir(LrSchedulerKit) if name.startswith("test_")])
def test_each_check_finds_its_fault(check):
    """No check of the kit passes everything."""
    kit = LrSchedulerKit()
    kit.make = Counting
    with pytest.raises(AssertionError):
        getattr(kit, check)()
