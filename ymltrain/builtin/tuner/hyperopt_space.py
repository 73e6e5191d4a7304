"""A search space in hyperopt's terms, and a study's history as its Trials.

Each ordered key is one of hyperopt's real numbers on the unit scale of its domain, or a number of a value; each unordered
one a choice. hyperopt's own `uniformint` and `quniform` give the ends half the weight of the rest, so numbers of values are
drawn from half below the first to half above the last.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ymltrain.api import Condition, Dimension, PastTrial, Point, Space, Switch, comparable_losses

if TYPE_CHECKING:
    from hyperopt.base import Domain as HyperoptDomain
    from hyperopt.base import Trials

LARGEST_COUNT = 1_000
"""Ordered domains of more values than this are searched as if they were continuous."""


class Hyperopt:
    """Asks hyperopt's algorithms; a space is translated once, as long as the same one is asked about."""

    def __init__(self) -> None:
        self._translated: tuple[Space, HyperoptSpace] | None = None

    def ask(
        self,
        algorithm: Callable[..., Any],
        space: Space,
        history: Sequence[PastTrial],
        pending: Sequence[Mapping[str, Any]],
        seed: int,
    ) -> Point:
        """The point that an algorithm suggests next."""
        translated = self._translate(space)
        trials = translated.trials(history, pending)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its use of numpy, and divisions by zero that it means
            (document,) = algorithm([len(history) + len(pending)], translated.domain, trials, seed)
        return translated.point(document["misc"]["vals"])

    def _translate(self, space: Space) -> HyperoptSpace:
        if self._translated is None or self._translated[0] is not space:
            self._translated = (space, HyperoptSpace(space))
        return self._translated[1]


class HyperoptSpace:
    """The translation of one space, both ways."""

    def __init__(self, space: Space) -> None:
        from hyperopt.base import Domain as HyperoptDomain

        self._dimensions = space.dimensions
        self._known: dict[int, tuple[Mapping[str, Any], dict[str, Any]]] = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # its use of numpy
            self.domain: HyperoptDomain = HyperoptDomain(lambda _: 0.0, _tree(space.dimensions, ()))

    def trials(self, history: Sequence[PastTrial], pending: Sequence[Mapping[str, Any]]) -> Trials:
        """The history as finished trials; what is pending counts as bad, or it would be suggested again."""
        from hyperopt.base import JOB_STATE_DONE, STATUS_OK, Trials

        losses = comparable_losses(history)
        worst = max(losses, default=0.0)
        known = [*zip((trial.point for trial in history), losses, strict=True), *((point, worst) for point in pending)]
        trials = Trials()
        documents = [
            {
                "tid": number,
                "state": JOB_STATE_DONE,
                "spec": None,
                "result": {"loss": loss, "status": STATUS_OK},
                "misc": self._misc(number, point),
                "exp_key": None,
                "owner": None,
                "version": 0,
                "book_time": None,
                "refresh_time": None,
            }
            for number, (point, loss) in enumerate(known)
        ]
        trials._insert_trial_docs(documents)  # noqa: SLF001 - the public way copies each document, some ways with pymongo and some without
        trials.refresh()
        return trials

    def point(self, values: Mapping[str, Sequence[Any]]) -> Point:
        """The point of a document that hyperopt made: `values` by label, none where the key is not active."""
        point: Point = {}
        for dimension in self._dimensions:
            if dimension.is_active(point):
                point[dimension.path] = _decoded(dimension, values[dimension.label][0])
        return point

    def _misc(self, number: int, point: Mapping[str, Any]) -> dict[str, Any]:
        """What hyperopt wants to know of a point, made once of each: it reads all of them at each ask, and changes none."""
        known = self._known.get(number)
        if known is not None and known[0] is point:
            return known[1]
        values = self._values(point)
        indices = {label: [number] if value else [] for label, value in values.items()}
        misc = {"tid": number, "cmd": ("domain_attachment", "FMinIter_Domain"), "workdir": None, "idxs": indices, "vals": values}
        self._known[number] = (point, misc)
        return misc

    def _values(self, point: Mapping[str, Any]) -> dict[str, list[float | int]]:
        """The values by label: every label is there, with no value where the key is not active."""
        values: dict[str, list[float | int]] = {}
        for dimension in self._dimensions:
            is_known = dimension.path in point and dimension.is_active(point)
            values[dimension.label] = [_encoded(dimension, point[dimension.path])] if is_known else []
        return values


def _tree(dimensions: Sequence[Dimension], when: tuple[Condition, ...]) -> dict[str, Any]:
    """The dimensions active under exactly these branches, those of switches below them."""
    from hyperopt import hp

    tree: dict[str, Any] = {}
    for dimension in dimensions:
        if dimension.when != when:
            continue
        domain, label = dimension.domain, dimension.label
        if isinstance(domain, Switch):
            branches = (_tree(dimensions, (*when, Condition(switch=dimension.path, branch=name))) for name in domain.branches)
            tree[label] = hp.choice(label, [{"branch": index, **branch} for index, branch in enumerate(branches)])
        elif not domain.is_ordered:
            tree[label] = hp.choice(label, list(range(domain.size or 0)))
        elif (count := _count(dimension)) is not None:
            tree[label] = hp.quniform(label, -0.5, count - 0.5, 1)
        else:
            tree[label] = hp.uniform(label, 0.0, 1.0)
    return tree


def _count(dimension: Dimension) -> int | None:
    """How many values an ordered domain is searched by; None when by its unit scale."""
    size = dimension.domain.size
    is_even = not getattr(dimension.domain, "log", False)
    return size if size is not None and size <= LARGEST_COUNT and is_even else None


def _encoded(dimension: Dimension, value: Any) -> float | int:
    if not dimension.domain.is_ordered:
        return dimension.domain.index(value)
    if _count(dimension) is not None:
        return float(dimension.domain.index(value))
    return min(max(dimension.domain.position(value), 0.0), 1.0)


def _decoded(dimension: Dimension, value: Any) -> Any:
    """The value that hyperopt's number stands for, as Python has it, not numpy."""
    count = _count(dimension)
    if not dimension.domain.is_ordered:
        return dimension.domain.at(int(value))
    if count is not None:
        return dimension.domain.at(min(max(math.floor(float(value) + 0.5), 0), count - 1))
    return dimension.domain.value(float(value))
