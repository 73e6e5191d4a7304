"""LR scheduler `constant`: the optimizer's lr all along, after the warm-up."""

from __future__ import annotations

from ymltrain.api import Params, plugin
from ymltrain.builtin.lr_scheduler.warmup import WarmupSteps, warmup_factor


class ConstantParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: constant`."""

    warmup_steps: WarmupSteps = 0


@plugin("lr_scheduler", "constant", params=ConstantParams)
class ConstantSchedule:
    """No change."""

    def __init__(self, params: ConstantParams) -> None:
        self._params = params

    def factor(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        del total_steps, steps_per_epoch
        return warmup_factor(step, self._params.warmup_steps)
