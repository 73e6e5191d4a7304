"""The domains of a search space: what a tuned key may be, drawn and placed on one common scale.

Every domain maps the unit interval onto its values, so that a searcher needs to know of each only whether it is ordered
and how many values it has. A value's position is the middle of the stretch of the unit interval that maps to it.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any, ClassVar

import msgspec

TAIL = 4.0
"""Where a normal distribution is cut off, in standard deviations from its mean: 1 draw in 16,000 lies beyond."""


class Domain(msgspec.Struct, frozen=True, kw_only=True):
    """What one key may be. `is_ordered` says whether nearby positions are nearby values."""

    is_ordered: ClassVar[bool] = True

    @property
    def size(self) -> int | None:
        """How many values there are; None when they are uncountable."""
        return None

    def value(self, unit: float) -> Any:
        """The value at a position in [0, 1]."""
        raise NotImplementedError

    def position(self, value: Any) -> float:
        """The position in [0, 1] of a value of the domain."""
        raise NotImplementedError

    def contains(self, value: Any) -> bool:
        """Whether this is a value of the domain."""
        raise NotImplementedError

    def at(self, index: int) -> Any:
        """The value with this number, of a domain that has a size."""
        assert self.size is not None
        return self.value((index + 0.5) / self.size)

    def index(self, value: Any) -> int:
        """The number of a value, of a domain that has a size."""
        assert self.size is not None
        return min(int(self.position(value) * self.size), self.size - 1)

    def ends(self) -> tuple[Any, ...]:
        """The values that must be allowed where the key stands, for all others to be."""
        return (self.value(0.0), self.value(1.0))


class Uniform(Domain, frozen=True, kw_only=True, tag="uniform"):
    """Real numbers between two bounds; with a step those of a grid that starts at the lower one."""

    low: float
    high: float
    step: float | None = None

    @property
    def size(self) -> int | None:
        return None if self.step is None else math.floor((self.high - self.low) / self.step + 1e-9) + 1

    def value(self, unit: float) -> float:
        if self.step is None or self.size is None:
            return min(max(self.low + unit * (self.high - self.low), self.low), self.high)
        return float(f"{self.low + min(int(unit * self.size), self.size - 1) * self.step:.12g}")  # 0.3, not 0.30000000000000004

    def position(self, value: Any) -> float:
        if self.step is None or self.size is None:
            return float(value - self.low) / (self.high - self.low)
        return (round(float(value - self.low) / self.step) + 0.5) / self.size

    def contains(self, value: Any) -> bool:
        if not _is_number(value) or not self.low <= value <= self.high:
            return False
        return self.step is None or abs(self.value(self.position(value)) - value) < 1e-9 * max(1.0, abs(value))


class LogUniform(Domain, frozen=True, kw_only=True, tag="loguniform"):
    """Real numbers between two positive bounds, even on the logarithmic scale. The bounds are values, not exponents."""

    low: float
    high: float

    def value(self, unit: float) -> float:
        drawn = math.exp(math.log(self.low) + unit * (math.log(self.high) - math.log(self.low)))
        return min(max(drawn, self.low), self.high)

    def position(self, value: Any) -> float:
        return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))

    def contains(self, value: Any) -> bool:
        return _is_number(value) and self.low <= value <= self.high


class Int(Domain, frozen=True, kw_only=True, tag="int"):
    """Whole numbers between two bounds, both included, all of the same weight; or even on the logarithmic scale."""

    low: int
    high: int
    step: int = 1
    log: bool = False

    @property
    def size(self) -> int | None:
        return (self.high - self.low) // self.step + 1

    def value(self, unit: float) -> int:
        if self.log:
            low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
            return min(max(round(math.exp(low + unit * (high - low))), self.low), self.high)
        assert self.size is not None
        return self.low + min(int(unit * self.size), self.size - 1) * self.step

    def position(self, value: Any) -> float:
        if self.log:
            low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
            return (math.log(value) - low) / (high - low)
        assert self.size is not None
        return (int(value - self.low) // self.step + 0.5) / self.size

    def at(self, index: int) -> int:
        return self.low + index * self.step

    def index(self, value: Any) -> int:
        return int(value - self.low) // self.step

    def contains(self, value: Any) -> bool:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return is_whole and self.low <= value <= self.high and (value - self.low) % self.step == 0


class Normal(Domain, frozen=True, kw_only=True, tag="normal"):
    """Real numbers around a mean, cut off at four standard deviations or at narrower bounds."""

    mean: float
    std: float
    low: float
    high: float

    def value(self, unit: float) -> float:
        law = NormalDist(self.mean, self.std)
        below, above = law.cdf(self.low), law.cdf(self.high)
        drawn = law.inv_cdf(min(max(below + unit * (above - below), 1e-12), 1 - 1e-12))
        return min(max(drawn, self.low), self.high)

    def position(self, value: Any) -> float:
        law = NormalDist(self.mean, self.std)
        below, above = law.cdf(self.low), law.cdf(self.high)
        return (law.cdf(value) - below) / (above - below)

    def contains(self, value: Any) -> bool:
        return _is_number(value) and self.low <= value <= self.high


class _Listed(Domain, frozen=True, kw_only=True):
    values: tuple[Any, ...]

    @property
    def size(self) -> int | None:
        return len(self.values)

    def value(self, unit: float) -> Any:
        return self.values[min(int(unit * len(self.values)), len(self.values) - 1)]

    def position(self, value: Any) -> float:
        return (self._known()[_key(value)] + 0.5) / len(self.values)

    def contains(self, value: Any) -> bool:
        return _key(value) in self._known()

    def at(self, index: int) -> Any:
        return self.values[index]

    def index(self, value: Any) -> int:
        return self._known()[_key(value)]

    def ends(self) -> tuple[Any, ...]:
        return self.values

    def _known(self) -> dict[bytes, int]:
        return {_key(value): index for index, value in enumerate(self.values)}


class Ordinal(_Listed, frozen=True, kw_only=True, tag="ordinal"):
    """Listed values in an order: a searcher takes neighbours for alike."""


class Choice(_Listed, frozen=True, kw_only=True, tag="choice"):
    """Listed values in no order."""

    is_ordered: ClassVar[bool] = False


class Switch(Domain, frozen=True, kw_only=True, tag="switch"):
    """Named branches, each of which sets keys of a node and brings a space of its own."""

    is_ordered: ClassVar[bool] = False
    branches: dict[str, dict[str, Any]]

    @property
    def size(self) -> int | None:
        return len(self.branches)

    @property
    def names(self) -> tuple[str, ...]:
        """The branches' names, in the recipe's order."""
        return tuple(self.branches)

    def value(self, unit: float) -> str:
        return self.names[min(int(unit * len(self.branches)), len(self.branches) - 1)]

    def position(self, value: Any) -> float:
        return (self.names.index(value) + 0.5) / len(self.branches)

    def contains(self, value: Any) -> bool:
        return isinstance(value, str) and value in self.branches

    def ends(self) -> tuple[Any, ...]:
        return self.names


AnyDomain = Uniform | LogUniform | Int | Normal | Ordinal | Choice | Switch


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _key(value: Any) -> bytes:
    """What tells listed values apart: 1, 1.0 and true are three."""
    return msgspec.json.encode(value, order="deterministic")
