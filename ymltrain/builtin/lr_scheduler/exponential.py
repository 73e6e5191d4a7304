"""LR scheduler `exponential`: lr is multiplied with `gamma` after every epoch, those of the warm-up included."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ymltrain.api import Params, plugin
from ymltrain.builtin.lr_scheduler.warmup import WarmupSteps, warmup_factor


class ExponentialParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: exponential`."""

    warmup_steps: WarmupSteps = 0
    gamma: Annotated[float, Meta(gt=0, le=1, description="What lr is multiplied with after each epoch.")] = 0.95


@plugin("lr_scheduler", "exponential", params=ExponentialParams)
class ExponentialSchedule:
    """The same relative decline every epoch."""

    def __init__(self, params: ExponentialParams) -> None:
        self._params = params

    def factor(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        del total_steps
        return warmup_factor(step, self._params.warmup_steps) * self._params.gamma ** (step // steps_per_epoch)
