"""The next candidate: first those of `try_first`, then what the searcher suggests, each once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from typing import Any

import msgspec

from ymltrain.kinds.contracts import Tuner
from ymltrain.plan.search.space import Point
from ymltrain.plan.search.spec import SearchSpec
from ymltrain.plan.seeds import derive_seed
from ymltrain.search.study import Knowledge

ATTEMPTS = 64
"""How often a searcher is asked anew when it suggests what was tried or what breaks a constraint."""

LARGEST_LISTED = 100_000


class Candidates:
    """Asks a searcher on behalf of one study. Pure: what it gives follows from the arguments alone."""

    def __init__(self, spec: SearchSpec, tuner: Tuner, tuner_name: str, seed: int) -> None:
        self._spec, self._tuner, self._name, self._seed = spec, tuner, tuner_name, seed

    def next(self, known: Knowledge) -> tuple[Point, str] | None:
        """A point that was not tried before, and where it comes from; None when there is none left."""
        tried = {point_key(point) for point in (*(trial.point for trial in known.history), *known.pending)}
        for point in self._spec.try_first:
            if point_key(point) not in tried:
                return dict(point), "try_first"
        refused: list[Mapping[str, Any]] = []
        for _ in range(ATTEMPTS):
            suggested = self._tuner.suggest(self._spec.space, known.history, [*known.pending, *refused], self._seed)
            if suggested is None:
                return None
            point = dict(suggested)
            if point_key(point) not in tried and self._spec.space.allows(point):
                return point, self._name
            refused.append(point)
        rest = self._untried(tried, len(known.history) + len(known.pending))
        return None if rest is None else (rest, "untried")

    def _untried(self, tried: set[bytes], number: int) -> Point | None:
        """One of the points that are left of a small space, drawn; of a large one any that meets the constraints."""
        size = self._spec.space.size
        seed = derive_seed(self._seed, f"untried/{number}")
        if size is None or size > LARGEST_LISTED:
            drawn = self._spec.space.draw(seed)
            return drawn if drawn is not None and point_key(drawn) not in tried else None
        left = [point for point in itertools.islice(self._spec.space.points(), size) if point_key(point) not in tried]
        return random.Random(seed).choice(left) if left else None  # noqa: S311 - nothing secret is drawn


def point_key(point: Mapping[str, Any]) -> bytes:
    """What tells two points apart."""
    return msgspec.json.encode(point, order="deterministic")
