"""The warm-up that every schedule can start with: lr grows linearly, from one part of it to the whole."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

WarmupSteps = Annotated[int, Meta(ge=0, description="Optimizer steps over which lr grows linearly to its full value.")]


def warmup_factor(step: int, warmup_steps: int) -> float:
    """`1/n, 2/n … 1` over the first n steps (never 0: every step learns), then 1."""
    return min(1.0, (step + 1) / warmup_steps) if warmup_steps else 1.0


def progress_after_warmup(step: int, total_steps: int, warmup_steps: int) -> float:
    """The part of the steps after the warm-up that lies behind, in [0, 1]."""
    done = step - warmup_steps
    return min(1.0, max(0.0, done / max(1, total_steps - warmup_steps)))
