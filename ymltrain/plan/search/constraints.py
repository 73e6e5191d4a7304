"""Constraints of a search space, as data: a product, sum, ratio or difference of keys, held within bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

Operation = Literal["product", "sum", "ratio", "difference"]

OPERATIONS: dict[Operation, Callable[[Sequence[float]], float]] = {
    "product": math.prod,
    "sum": math.fsum,
    "ratio": lambda numbers: numbers[0] / numbers[1] if numbers[1] else math.inf,
    "difference": lambda numbers: numbers[0] - numbers[1],
}


class Constraint(msgspec.Struct, frozen=True, kw_only=True):
    """One condition on a point. `fixed` holds the recipe's values of the keys that are not tuned, or not on every branch.

    It says nothing about a point in which one of its keys has no number.
    """

    operation: Operation
    paths: tuple[str, ...]
    at_least: float | None = None
    at_most: float | None = None
    fixed: dict[str, float] = msgspec.field(default_factory=dict)

    def allows(self, point: Mapping[str, Any]) -> bool:
        """Whether a point meets it."""
        numbers = [point.get(path, self.fixed.get(path)) for path in self.paths]
        if not all(isinstance(number, int | float) for number in numbers):
            return True
        found = OPERATIONS[self.operation]([float(number) for number in numbers if number is not None])
        return (self.at_least is None or found >= self.at_least) and (self.at_most is None or found <= self.at_most)

    def __str__(self) -> str:
        bounds = [
            f"{name} {value:g}" for name, value in (("at least", self.at_least), ("at most", self.at_most)) if value is not None
        ]
        return f"{self.operation} of {', '.join(self.paths)} {' and '.join(bounds)}"
