"""The same steps of one recipe under several strategies, compared: losses, gradient norms, weights."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ymltrain.fit.job import Job
from ymltrain.plan.events import MetricsLogged, RunEvent
from ymltrain.plan.plan import Plan
from ymltrain.record.directory import RunDirectory
from ymltrain.run.signals import StopSignal

if TYPE_CHECKING:
    from torch import Tensor

    from ymltrain.data.prepare import PreparedData

STRATEGIES = ("single", "ddp", "fsdp")
RECORDED = ("train/loss", "train/grad_norm")


class StepValues(msgspec.Struct, frozen=True, kw_only=True):
    """What one optimizer step came to, by strategy."""

    step: int
    loss: dict[str, float]
    grad_norm: dict[str, float]


class Differences(msgspec.Struct, frozen=True, kw_only=True):
    """The largest differences of a strategy from the first one: of losses and gradient norms relative, of weights absolute."""

    loss: float
    grad_norm: float
    weight: float
    weight_name: str


class Parity(msgspec.Struct, frozen=True, kw_only=True):
    """What the comparison came to; the document of `parity --json`."""

    strategies: tuple[str, ...]
    world: int
    batch_size: int
    tolerance: float
    steps: tuple[StepValues, ...]
    differences: dict[str, Differences]
    is_equal: bool


@dataclass(frozen=True)
class Trained:
    """The steps and weights of one strategy."""

    values: Mapping[int, Mapping[str, float]]
    weights: Mapping[str, Tensor]


def compare_strategies(plans: Mapping[str, Plan], make_job: Callable[[Plan, RunDirectory], Job], tolerance: float) -> Parity:
    """Train each plan, named by its strategy; the data are prepared once. Raises YmltrainError as training does."""
    with tempfile.TemporaryDirectory(prefix="ymltrain-parity-") as folder:
        data: PreparedData | None = None
        trained = {}
        for name, plan in plans.items():
            run = RunDirectory.create(Path(folder), plan.name, plan, recipe_text=None, resolved_yaml="", provenance={})
            job = make_job(plan, run)
            data = data or job.prepare_data()
            trained[name] = _train(job, data)
    first = next(iter(plans.values()))
    differences = {name: _differences(trained, name) for name in list(trained)[1:]}
    return Parity(
        strategies=tuple(plans),
        world=max(plan.topology.world_size for plan in plans.values()),
        batch_size=first.trainer.batch_size,
        tolerance=tolerance,
        steps=_steps(trained),
        differences=differences,
        is_equal=all(max(found.loss, found.grad_norm, found.weight) <= tolerance for found in differences.values()),
    )


def _train(job: Job, data: PreparedData) -> Trained:
    from ymltrain.fit.training import train_network

    values: dict[int, dict[str, float]] = {}

    def keep(event: RunEvent) -> None:
        job.watch(event)
        if isinstance(event, MetricsLogged):
            values.setdefault(event.step, {}).update({name: event.values[name] for name in RECORDED if name in event.values})

    outcome = train_network(job, data, keep, StopSignal())
    return Trained(values, outcome.weights)


def _steps(trained: Mapping[str, Trained]) -> tuple[StepValues, ...]:
    steps = sorted(next(iter(trained.values())).values)
    return tuple(
        StepValues(
            step=step,
            loss={name: one.values[step]["train/loss"] for name, one in trained.items()},
            grad_norm={name: one.values[step]["train/grad_norm"] for name, one in trained.items()},
        )
        for step in steps
        if all(len(one.values.get(step, ())) == len(RECORDED) for one in trained.values())
    )


def _differences(trained: Mapping[str, Trained], name: str) -> Differences:
    first, other = next(iter(trained.values())), trained[name]
    weights = {key: float((weight - other.weights[key]).abs().max()) for key, weight in first.weights.items() if weight.numel()}
    worst = max(weights, key=weights.__getitem__)
    return Differences(
        loss=_largest(first, other, "train/loss"),
        grad_norm=_largest(first, other, "train/grad_norm"),
        weight=weights[worst],
        weight_name=worst,
    )


def _largest(first: Trained, other: Trained, what: str) -> float:
    pairs = [(one[what], other.values[step][what]) for step, one in first.values.items() if what in one]
    return max((abs(a - b) / max(abs(a), abs(b), 1e-12) for a, b in pairs), default=math.nan)


def parity_overrides(strategy: str, world: int, steps: int, dropouts: Sequence[str]) -> tuple[str, ...]:
    """What is laid over a recipe to compare it: a few recorded steps, dropout off, one seed, nothing kept."""
    return (
        f"strategy={strategy}",
        f"compute.devices={1 if strategy == 'single' else world}",
        f"trainer.max_steps={steps}",
        "trainer.log_every_n_steps=1",
        "trainer.log_grad_norm=true",
        "trainer.weights=last",
        "tracker=[]",
        *(f"{key}=0" for key in dropouts),
    )
