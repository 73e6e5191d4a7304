"""Tuner `random`: each trial is drawn by itself, each key evenly on its own scale (Bergstra and Bengio 2012)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ymltrain.api import NoParams, PastTrial, Space, plugin, suggestion_seed


@plugin("tuner", "random")
class RandomTuner:
    """Draws; learns nothing."""

    def __init__(self, params: NoParams) -> None:
        del params

    def problems(self, space: Space) -> Sequence[str]:
        del space
        return ()

    def suggest(
        self, space: Space, history: Sequence[PastTrial], pending: Sequence[Mapping[str, Any]], seed: int
    ) -> Mapping[str, Any] | None:
        return space.draw(suggestion_seed(seed, history, pending))
