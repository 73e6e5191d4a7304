"""Tuner `tpe`: hyperopt's Tree of Parzen Estimators (Bergstra et al. 2011), asked one trial at a time.

The first `startup` trials are random; they count when they have a result, so that parallel ones do not start it early. From
then on each key is modelled by itself, a key of a branch from the trials on that branch: values are drawn where good trials
lie closer than the rest. The best sqrt(n) of n trials are good (`gamma: 1`), where hyperopt's own default takes a quarter of
these: with so few it was worse on every function we measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from msgspec import Meta

from ymltrain.api import Params, PastTrial, Space, plugin, suggestion_seed
from ymltrain.builtin.tuner.hyperopt_space import Hyperopt


class TpeParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: tpe`."""

    startup: Annotated[int, Meta(ge=1, description="Random trials with a result before the first modelled one.")] = 10
    gamma: Annotated[float, Meta(gt=0, description="The good trials are the best gamma × sqrt(n) of n, 25 at most.")] = 1.0
    candidates: Annotated[int, Meta(ge=1, description="Values drawn for each key, of which the most promising is taken.")] = 24
    prior_weight: Annotated[float, Meta(gt=0, description="The weight of the space itself among the good trials.")] = 1.0


@plugin("tuner", "tpe", params=TpeParams)
class TpeTuner:
    """Asks hyperopt for one point, given all trials."""

    def __init__(self, params: TpeParams) -> None:
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
        from hyperopt import tpe

        settings = self._params
        algorithm = partial(
            tpe.suggest,
            prior_weight=settings.prior_weight,
            n_startup_jobs=0,
            n_EI_candidates=settings.candidates,
            gamma=settings.gamma,
            verbose=False,
        )
        return self._hyperopt.ask(algorithm, space, history, pending, seed)
