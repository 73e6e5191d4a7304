"""Tuner `grid`: every combination once, in a fixed order, the last key of the space the fastest.

A key with a step, a list of values or few whole numbers gives all of its values, any other `points` of them, evenly placed
on its own scale, both ends included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ymltrain.api import Choice, Ordinal, Params, PastTrial, Point, Space, Switch, plugin


class GridParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: grid`."""

    points: Annotated[int, Meta(ge=1, description="How many values a key gives that has no step and no list of values.")] = 5


@plugin("tuner", "grid", params=GridParams)
class GridTuner:
    """Looks up the first combination that was not tried; the seed plays no part."""

    def __init__(self, params: GridParams) -> None:
        self._points = params.points

    def problems(self, space: Space) -> Sequence[str]:
        del space
        return ()

    def suggest(
        self, space: Space, history: Sequence[PastTrial], pending: Sequence[Mapping[str, Any]], seed: int
    ) -> Mapping[str, Any] | None:
        del seed
        tried = {_key(point) for point in (*(trial.point for trial in history), *pending)}
        return next((point for point in self.combinations(space) if _key(point) not in tried), None)

    def combinations(self, space: Space) -> Iterator[Point]:
        """All of the grid, in its order."""
        counts = {dimension.label: self._points for dimension in space.dimensions if not _gives_all(dimension.domain)}
        return space.points(counts)


def _gives_all(domain: object) -> bool:
    """Whether the recipe itself says at which values to look."""
    return isinstance(domain, Ordinal | Choice | Switch) or getattr(domain, "step", None) not in (None, 1)


def _key(point: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(point, order="deterministic")
