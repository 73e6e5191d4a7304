"""LR scheduler `cosine`: half a cosine from lr to `min_factor` times lr (Loshchilov & Hutter 2017, without restarts)."""

from __future__ import annotations

from math import cos, pi
from typing import Annotated

from msgspec import Meta

from ymltrain.api import Params, plugin
from ymltrain.builtin.lr_scheduler.warmup import WarmupSteps, progress_after_warmup, warmup_factor


class CosineParams(Params, frozen=True, kw_only=True):
    """What a recipe may write beside `type: cosine`."""

    warmup_steps: WarmupSteps = 0
    min_factor: Annotated[float, Meta(ge=0, le=1, description="What lr is multiplied with at the end.")] = 0.0


@plugin("lr_scheduler", "cosine", params=CosineParams)
class CosineSchedule:
    """Slow, fast, slow decline over the whole training."""

    def __init__(self, params: CosineParams) -> None:
        self._params = params

    def factor(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        del steps_per_epoch
        low, warmup_steps = self._params.min_factor, self._params.warmup_steps
        progress = progress_after_warmup(step, total_steps, warmup_steps)
        return warmup_factor(step, warmup_steps) * (low + (1 - low) * (1 + cos(pi * progress)) / 2)
