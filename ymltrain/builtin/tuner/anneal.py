"""Tuner `anneal`: hyperopt's annealing, which draws ever closer to one of the best trials so far.

A trial near the top is taken (`among`: how far down on the average, from 2), and each key is drawn around its value there,
from a range that shrinks as trials add up. It models nothing and is strong on smooth problems with few trials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from msgspec import Meta

from ymltrain.api import Params, PastTrial, Space, plugin, suggestion_seed
from ymltrain.builtin.tuner.hyperopt_space import Hyperopt


class AnnealParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: anneal`."""

    startup: Annotated[int, Meta(ge=1, description="Random trials with a result before the first annealed one.")] = 5
    among: Annotated[float, Meta(gt=1, description="The mean place, from 1, of the trial that a draw starts from.")] = 2.0
    shrink: Annotated[float, Meta(gt=0, description="How fast ranges shrink: after n trials to 1 / (1 + n × shrink).")] = 0.1


@plugin("tuner", "anneal", params=AnnealParams)
class AnnealTuner:
    """Asks hyperopt for one point, given all trials."""

    def __init__(self, params: AnnealParams) -> None:
        self._params = params
        self._hyperopt = Hyperopt()

    def problems(self, space: Space) -> Sequence[str]:
        del space
        return ()

    def suggest(
        self, space: Space, history: Sequence[PastTrial], pending: Sequence[Mapping[str, Any]], seed: int
    ) -> Mapping[str, Any] | None:
        seed = suggestion_seed(seed, history, pending)
        if sum(trial.state != "failed" for trial in history) < self._params.startup:
            return space.draw(seed)
        from hyperopt import anneal

        algorithm = partial(anneal.suggest, avg_best_idx=self._params.among, shrink_coef=self._params.shrink)
        return self._hyperopt.ask(algorithm, space, history, pending, seed)
