"""The conformance kit of kind `metric`."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from ymltrain.api import Metric, Task

CLASSES = 3


class MetricKit:
    """Subclass it, and give `make` an instance with the params to test."""

    tolerance: ClassVar[float] = 1e-6
    """How far the value over parts may be from the value over all rows, relatively."""

    def make(self) -> Metric:
        """The metric under test."""
        raise NotImplementedError

    def test_it_says_what_it_is_for(self) -> None:
        """At least one known task, and a direction."""
        assert set(self.make().tasks)
        assert set(self.make().tasks) <= {"regression", "classification"}
        assert self.make().goal in ("minimize", "maximize")

    def test_the_goal_is_the_better_side(self) -> None:
        """Perfect predictions are better than bad ones."""
        for task in self.make().tasks:
            bad, true = example(task, 40)
            perfect = true if task == "regression" else torch.nn.functional.one_hot(true, CLASSES).double()
            good_value, bad_value = self._value([(perfect, true)]), self._value([(bad, true)])
            assert good_value < bad_value if self.make().goal == "minimize" else good_value > bad_value

    def test_parts_add_up(self) -> None:
        """Updated batch by batch it gives what it gives at once, uneven batches included."""
        for task in self.make().tasks:
            predicted, true = example(task, 41)
            at_once = self._value([(predicted, true)])
            in_parts = self._value([(predicted[start : start + 7], true[start : start + 7]) for start in range(0, 41, 7)])
            assert abs(in_parts - at_once) <= self.tolerance * abs(at_once)

    def test_each_build_starts_afresh(self) -> None:
        """Nothing of one evaluation reaches the next."""
        for task in self.make().tasks:
            metric = self.make()
            first, second = example(task, 20), example(task, 9)
            alone = self._value([second])
            metric.build(CLASSES).update(*first)
            assert float(_updated(metric, [second])) == alone

    def _value(self, updates: list[tuple[Tensor, Tensor]]) -> float:
        return float(_updated(self.make(), updates))


def _updated(metric: Metric, updates: list[tuple[Tensor, Tensor]]) -> Tensor:
    built = metric.build(CLASSES).set_dtype(torch.float64)
    for predicted, true in updates:
        built.update(predicted, true)
    value: Tensor = built.compute()
    return value


def example(task: Task, rows: int) -> tuple[Tensor, Tensor]:
    """Bad predictions, and the truth: float64 numbers, or probabilities and class ids."""
    generator = torch.Generator().manual_seed(5)
    if task == "regression":
        return torch.rand(rows, generator=generator).double() + 5, torch.rand(rows, generator=generator).double() + 1
    probabilities = torch.rand(rows, CLASSES, generator=generator).double().softmax(dim=1)
    return probabilities, torch.arange(rows) % CLASSES
