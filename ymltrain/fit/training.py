"""The stages that need torch: train, then evaluate once on the test split."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from ymltrain.data.loader import TensorSplit
from ymltrain.data.prepare import PreparedData
from ymltrain.evaluation.evaluate import Measures, evaluate
from ymltrain.fit.job import Job
from ymltrain.plan.events import MetricsLogged, RunEvent, StageChanged
from ymltrain.record.attempt import ResumePoint
from ymltrain.run.checkpoint import Checkpoints
from ymltrain.run.parts import Surroundings, TrainingData, TrainingParts, TrainOutcome
from ymltrain.run.session import build_network, train
from ymltrain.run.signals import StopSignal

EVALUATION_ROWS = 16_384


@dataclass(frozen=True)
class Measured:
    """Metrics by full name, and the event that logs them."""

    values: dict[str, float]
    event: MetricsLogged


def newest_position(job: Job) -> ResumePoint | None:
    """Where the run's newest complete checkpoint stands, or None when there is none."""
    found = Checkpoints(job.run.checkpoints, job.plan.trainer.checkpoint.keep, job.plan.digest).newest()
    if found is None:
        return None
    path, snapshot = found
    position = snapshot.state.position
    return ResumePoint(checkpoint=path.name, epoch=position.epoch, step=position.step)


def train_network(
    job: Job, data: PreparedData, emit: Callable[[RunEvent], None], stop: StopSignal
) -> tuple[nn.Module, TrainOutcome]:
    """Train the plan's network; it carries the chosen weights (best or last) when training is done."""
    plan = job.plan
    shapes = [data.encoders[feature.column].shape for feature in plan.features]
    network = build_network(job.build(plan.node("model")), shapes, data.target.output, plan.seeds["weights"])
    parts = TrainingParts(
        network=network,
        optimizer=job.build(plan.node("optimizer")),
        lr_scheduler=job.build(plan.node("lr_scheduler")),
        loss=job.build(plan.node("loss")),
        metrics=job.metrics(),
        strategy=job.build(plan.node("strategy")),
    )
    rows = data.report.rows
    emit(StageChanged(stage="train", note=f"{rows.train:,} rows, {rows.val:,} to validate, {rows.test:,} to test"))
    outcome = train(
        plan,
        parts,
        TrainingData(train=data.splits["train"], val=data.splits.get("val"), target=data.target),
        Surroundings(checkpoints=job.run.checkpoints, emit=emit, stop=stop),
    )
    network.load_state_dict(outcome.weights)
    return network, outcome


def evaluate_test(job: Job, data: PreparedData, network: nn.Module, outcome: TrainOutcome) -> Measured:
    """The network's metrics on the test split, which nothing has looked at before; none when it is empty."""
    split = data.splits.get("test")
    values: dict[str, float] = {}
    if split is not None and split.rows:
        job.watch(StageChanged(stage="evaluate", note=f"{split.rows:,} test rows"))
        measures = Measures(job.build(job.plan.node("loss")).build(), job.metrics(), data.target)
        measured = evaluate(network.cpu(), TensorSplit.of(split), measures, batch_rows=EVALUATION_ROWS)
        values = {f"test/{name}": value for name, value in measured.items()}
    return Measured(values, MetricsLogged(step=outcome.steps, epoch=outcome.epochs, time=time.time(), values=values))
