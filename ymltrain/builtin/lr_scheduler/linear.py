"""LR scheduler `linear`: a straight line from lr to `end_factor` times lr."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ymltrain.api import Params, plugin
from ymltrain.builtin.lr_scheduler.warmup import WarmupSteps, progress_after_warmup, warmup_factor


class LinearParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: linear`."""

    warmup_steps: WarmupSteps = 0
    end_factor: Annotated[float, Meta(ge=0, le=1, description="What lr is multiplied with at the end.")] = 0.0


@plugin("lr_scheduler", "linear", params=LinearParams)
class LinearSchedule:
    """Even decline over the whole training."""

    def __init__(self, params: LinearParams) -> None:
        self._params = params

    def factor(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        del steps_per_epoch
        warmup_steps = self._params.warmup_steps
        progress = progress_after_warmup(step, total_steps, warmup_steps)
        return warmup_factor(step, warmup_steps) * (1 + (self._params.end_factor - 1) * progress)
