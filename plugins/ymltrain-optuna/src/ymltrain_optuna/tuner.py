"""Tuner `optuna`: Optuna's samplers, each suggestion a function of the history and the seed alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta
from ymltrain.api import Choice, Params, PastTrial, Space, Switch, plugin, suggestion_seed


class OptunaParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: optuna`."""

    sampler: Annotated[
        Literal["tpe", "cmaes", "gp"],
        Meta(description="tpe models all keys together; cmaes adapts a normal distribution; gp is a Gaussian process."),
    ] = "tpe"
    startup: Annotated[
        int, Meta(ge=1, description="Random trials with a result before the first modelled one; cmaes has none.")
    ] = 10


@plugin("tuner", "optuna", params=OptunaParams)
class OptunaTuner:
    """Asks a sampler for one point, given all trials."""

    def __init__(self, params: OptunaParams) -> None:
        self._params = params

    def problems(self, space: Space) -> Sequence[str]:
        """What the chosen sampler would leave to chance, were it not refused."""
        sampler = self._params.sampler
        found = []
        for dimension in space.dimensions:
            if sampler != "tpe" and isinstance(dimension.domain, Switch):
                found.append(f"{sampler} knows no branches, and {dimension.path} is a switch")
            elif sampler == "cmaes" and isinstance(dimension.domain, Choice):
                found.append(f"cmaes knows no unordered values, and {dimension.path} is a choice")
        return found

    def suggest(
        self, space: Space, history: Sequence[PastTrial], pending: Sequence[Mapping[str, Any]], seed: int
    ) -> Mapping[str, Any] | None:
        """A point of the space."""
        if self._params.sampler == "cmaes":
            from ymltrain_optuna.evolution import suggest

            return suggest(space, history, pending, seed)
        drawn = suggestion_seed(seed, history, pending)
        if sum(trial.state != "failed" for trial in history) < self._params.startup:
            return space.draw(drawn)
        from ymltrain_optuna.sampling import ask

        return ask(self._params.sampler, space, history, pending, drawn)
