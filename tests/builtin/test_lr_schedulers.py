"""Schedules equal torch's own, step by step."""

from __future__ import annotations

import pytest
import torch
from torch.optim import lr_scheduler

from ymltrain.builtin.lr_scheduler.constant import ConstantParams, ConstantSchedule
from ymltrain.builtin.lr_scheduler.cosine import CosineParams, CosineSchedule
from ymltrain.builtin.lr_scheduler.exponential import ExponentialParams, ExponentialSchedule
from ymltrain.builtin.lr_scheduler.linear import LinearParams, LinearSchedule
from ymltrain.builtin.lr_scheduler.step import StepParams, StepSchedule

LR, TOTAL, PER_EPOCH = 0.5, 60, 6


def factors(schedule):
    """The factors of all steps."""
    return [schedule.factor(step, TOTAL, PER_EPOCH) for step in range(TOTAL)]


def torch_factors(make, *, every=1):
    """What torch's scheduler multiplies lr with at each optimizer step, stepped after every nth of them."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)
    scheduler = make(optimizer)
    seen = []
    for step in range(TOTAL):
        seen.append(optimizer.param_groups[0]["lr"] / LR)
        optimizer.step()
        if (step + 1) % every == 0:
            scheduler.step()
    return seen


CASES = {
    "constant": (ConstantSchedule(ConstantParams()), lambda of: lr_scheduler.ConstantLR(of, factor=1.0), 1),
    "constant, warmed up": (
        ConstantSchedule(ConstantParams(warmup_steps=8)),
        lambda of: lr_scheduler.LinearLR(of, start_factor=1 / 8, total_iters=7),
        1,
    ),
    "cosine": (CosineSchedule(CosineParams()), lambda of: lr_scheduler.CosineAnnealingLR(of, T_max=TOTAL), 1),
    "cosine, not to 0": (
        CosineSchedule(CosineParams(min_factor=0.2)),
        lambda of: lr_scheduler.CosineAnnealingLR(of, T_max=TOTAL, eta_min=0.2 * LR),
        1,
    ),
    "cosine, warmed up": (
        CosineSchedule(CosineParams(warmup_steps=10)),
        lambda of: lr_scheduler.SequentialLR(
            of,
            [lr_scheduler.LinearLR(of, start_factor=0.1, total_iters=9), lr_scheduler.CosineAnnealingLR(of, T_max=TOTAL - 10)],
            milestones=[10],
        ),
        1,
    ),
    "linear": (
        LinearSchedule(LinearParams(end_factor=0.1)),
        lambda of: lr_scheduler.LinearLR(of, start_factor=1.0, end_factor=0.1, total_iters=TOTAL),
        1,
    ),
    "exponential": (
        ExponentialSchedule(ExponentialParams(gamma=0.8)),
        lambda of: lr_scheduler.ExponentialLR(of, gamma=0.8),
        PER_EPOCH,
    ),
    "step": (
        StepSchedule(StepParams(step_size=3, gamma=0.5)),
        lambda of: lr_scheduler.StepLR(of, step_size=3, gamma=0.5),
        PER_EPOCH,
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step:UserWarning")  # SequentialLR's own use of it
def test_it_equals_torchs_schedule(name):
    """Each step's lr is the one torch's scheduler gives."""
    schedule, make, every = CASES[name]
    assert factors(schedule) == pytest.approx(torch_factors(make, every=every), rel=1e-9, abs=1e-12)


def test_a_warm_up_rises_from_one_part_to_the_whole():
    """Four steps: a quarter, a half, three quarters, all; the decline starts after them."""
    assert factors(CosineSchedule(CosineParams(warmup_steps=4)))[:5] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])


def test_epochs_of_a_staircase_count_the_warm_up():
    """The first change comes after the first epochs, however long the warm-up was."""
    seen = factors(StepSchedule(StepParams(step_size=2, gamma=0.1, warmup_steps=3)))
    assert seen[11:13] == pytest.approx([1.0, 0.1])
