"""The search space: dimensions in an order in which each stands after the switches that bring it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from ymltrain.plan.search.constraints import Constraint
from ymltrain.plan.search.domains import AnyDomain, Switch

Point: TypeAlias = dict[str, Any]
"""One candidate: a value for each active dimension by its path; of a switch the branch's name."""

ATTEMPTS = 1_000


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """The branch of a switch on which a dimension is active."""

    switch: str
    branch: str


class Dimension(msgspec.Struct, frozen=True, kw_only=True):
    """One tuned key. `path` is its key path as text; `when` are the branches that bring it, the outermost first."""

    path: str
    domain: AnyDomain
    when: tuple[Condition, ...] = ()

    @property
    def label(self) -> str:
        """A name that no other dimension has, on whatever branch: `optimizer=sgd/optimizer.momentum`."""
        return "/".join([*(f"{one.switch}={one.branch}" for one in self.when), self.path])

    def is_active(self, point: Mapping[str, Any]) -> bool:
        """Whether the point, so far as it is made, is on this dimension's branches."""
        return all(point.get(one.switch) == one.branch for one in self.when)


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """What a search looks through."""

    dimensions: tuple[Dimension, ...]
    constraints: tuple[Constraint, ...] = ()

    def active(self, point: Mapping[str, Any]) -> Iterator[Dimension]:
        """The dimensions of the branches that a point is on."""
        return (dimension for dimension in self.dimensions if dimension.is_active(point))

    def allows(self, point: Mapping[str, Any]) -> bool:
        """Whether a point meets every constraint."""
        return all(constraint.allows(point) for constraint in self.constraints)

    def contains(self, point: Mapping[str, Any]) -> bool:
        """Whether a point is one of the space: each active dimension within its domain, no other key, constraints met."""
        active = {dimension.path: dimension.domain for dimension in self.active(point)}
        if set(active) != set(point):
            return False
        return all(domain.contains(point[path]) for path, domain in active.items()) and self.allows(point)

    def point(self, units: Mapping[str, float]) -> Point:
        """The point whose dimensions lie at these positions, by label; positions off the point's branches are not looked at."""
        point: Point = {}
        for dimension in self.dimensions:
            if dimension.is_active(point):
                point[dimension.path] = dimension.domain.value(units[dimension.label])
        return point

    def draw(self, seed: int) -> Point | None:
        """A random point that meets the constraints, a function of the seed alone; None when a thousand draws did not."""
        chance = random.Random(seed)  # noqa: S311 - nothing secret is drawn
        for _ in range(ATTEMPTS):
            point = self.point({dimension.label: chance.random() for dimension in self.dimensions})
            if self.allows(point):
                return point
        return None

    @property
    def size(self) -> int | None:
        """How many points there are, constraints aside; None when they are uncountable."""
        return _size(self.dimensions, ())

    def points(self, counts: Mapping[str, int] | None = None) -> Iterator[Point]:
        """Every point that meets the constraints, in a fixed order.

        `counts` says, by label, at how many evenly placed positions a dimension is looked at that has no size, or too many
        values. Without it every dimension must have a size.
        """
        return (point for point in _points(self.dimensions, {}, counts or {}) if self.allows(point))


def _size(dimensions: tuple[Dimension, ...], when: tuple[Condition, ...]) -> int | None:
    total = 1
    for dimension in dimensions:
        if dimension.when != when:
            continue
        size: int | None
        if isinstance(dimension.domain, Switch):
            branches = [
                _size(dimensions, (*when, Condition(switch=dimension.path, branch=name))) for name in dimension.domain.branches
            ]
            size = None if None in branches else sum(branch for branch in branches if branch is not None)
        else:
            size = dimension.domain.size
        if size is None:
            return None
        total *= size
    return total


def _points(dimensions: tuple[Dimension, ...], point: Point, counts: Mapping[str, int]) -> Iterator[Point]:
    rest = iter(enumerate(dimensions))
    for index, dimension in rest:
        if dimension.is_active(point):
            for value in _values(dimension, counts):
                yield from _points(dimensions[index + 1 :], {**point, dimension.path: value}, counts)
            return
    yield point


def _values(dimension: Dimension, counts: Mapping[str, int]) -> Iterator[Any]:
    domain = dimension.domain
    count = counts.get(dimension.label)
    if count is None or (domain.size is not None and domain.size <= count):
        assert domain.size is not None, f"{dimension.path} has no end of values"
        return (domain.at(index) for index in range(domain.size))
    values = (domain.value(index / (count - 1) if count > 1 else 0.5) for index in range(count))
    return (value for value, _ in itertools.groupby(values))
