"""The conformance kit of kind `metric`."""

from __future__ import annotations

from typing import ClassVar, get_args

import torch
from torch import Tensor

from ymltrain.api import Metric, OutputShape, Task

CLASSES = 3
OUTPUTS: dict[Task, OutputShape] = {
    "regression": OutputShape(task="regression", width=1),
    "classification": OutputShape(task="classification", width=CLASSES),
    "binary": OutputShape(task="binary", width=1),
    "multilabel": OutputShape(task="multilabel", width=CLASSES),
    "ordinal": OutputShape(task="ordinal", width=CLASSES - 1),
    "next_token": OutputShape(task="next_token", width=CLASSES),
}


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
        assert set(self.make().tasks) <= set(get_args(Task))
        assert self.make().goal in ("minimize", "maximize")

    def test_the_goal_is_the_better_side(self) -> None:
        """Perfect predictions are better than bad ones."""
        for task in self.make().tasks:
            bad, true = example(task, 40)
            good_value, bad_value = self._value(task, [(perfect(task, true), true)]), self._value(task, [(bad, true)])
            assert good_value < bad_value if self.make().goal == "minimize" else good_value > bad_value

    def test_parts_add_up(self) -> None:
        """Updated batch by batch it gives what it gives at once, uneven batches included."""
        for task in self.make().tasks:
            predicted, true = example(task, 41)
            at_once = self._value(task, [(predicted, true)])
            parts = [(predicted[start : start + 7], true[start : start + 7]) for start in range(0, 41, 7)]
            assert abs(self._value(task, parts) - at_once) <= self.tolerance * abs(at_once)

    def test_each_build_starts_afresh(self) -> None:
        """Nothing of one evaluation reaches the next."""
        for task in self.make().tasks:
            metric = self.make()
            first, second = example(task, 20), example(task, 9)
            alone = self._value(task, [second])
            metric.build(OUTPUTS[task]).update(*first)
            assert float(_updated(metric, task, [second])) == alone

    def _value(self, task: Task, updates: list[tuple[Tensor, Tensor]]) -> float:
        return float(_updated(self.make(), task, updates))


def _updated(metric: Metric, task: Task, updates: list[tuple[Tensor, Tensor]]) -> Tensor:
    built = metric.build(OUTPUTS[task]).set_dtype(torch.float64)
    for predicted, true in updates:
        built.update(predicted, true)
    value: Tensor = built.compute()
    return value


def perfect(task: Task, true: Tensor) -> Tensor:
    """The predictions that are right about every row."""
    if task in ("regression", "binary", "multilabel"):
        return true.double()
    if task == "next_token":
        return torch.full(true.shape, -1e-3, dtype=torch.float64)
    return torch.nn.functional.one_hot(true, CLASSES).double()


def example(task: Task, rows: int) -> tuple[Tensor, Tensor]:
    """Bad predictions, and the truth: float64 numbers, or probabilities and ids."""
    generator = torch.Generator().manual_seed(5)
    if task == "regression":
        return torch.rand(rows, generator=generator).double() + 5, torch.rand(rows, generator=generator).double() + 1
    if task == "binary":
        return torch.rand(rows, generator=generator).double(), torch.arange(rows) % 2
    if task == "multilabel":
        return torch.rand(rows, CLASSES, generator=generator).double(), torch.randint(2, (rows, CLASSES), generator=generator)
    if task == "next_token":
        return torch.rand(rows, generator=generator).double().log(), torch.arange(rows) % 5
    probabilities = torch.rand(rows, CLASSES, generator=generator).double().softmax(dim=1)
    return probabilities, torch.arange(rows) % CLASSES
