"""LR scheduler `step`: lr is multiplied with `gamma` after every `step_size` epochs, those of the warm-up included."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ymltrain.api import Params, plugin
from ymltrain.builtin.lr_scheduler.warmup import WarmupSteps, warmup_factor


class StepParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: step`."""

    warmup_steps: WarmupSteps = 0
    step_size: Annotated[int, Meta(ge=1, description="Epochs between two changes.")] = 10
    gamma: Annotated[float, Meta(gt=0, le=1, description="What lr is multiplied with at each change.")] = 0.1


@plugin("lr_scheduler", "step", params=StepParams)
class StepSchedule:
    """A staircase down."""

    def __init__(self, params: StepParams) -> None:
        self._params = params

    def factor(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        del total_steps
        changes = step // steps_per_epoch // self._params.step_size
        return warmup_factor(step, self._params.warmup_steps) * self._params.gamma**changes
