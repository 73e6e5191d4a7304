"""The stages that need torch: train, then evaluate once on the test split."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from ymltrain.bundle.contract import CONTRACT_FILE, read_contract
from ymltrain.bundle.predictor import verified_weights
from ymltrain.data.loader import TensorSplit
from ymltrain.data.prepare import PreparedData
from ymltrain.diagnostics import BundleError
from ymltrain.evaluation.evaluate import Measures, evaluate
from ymltrain.fit.job import Job
from ymltrain.fit.reuse import Earlier
from ymltrain.plan.events import RunEvent, StageChanged
from ymltrain.record.attempt import ResumePoint
from ymltrain.run.checkpoint import Checkpoints
from ymltrain.run.parts import Surroundings, TrainingData, TrainingParts, TrainOutcome
from ymltrain.run.session import build_network, train
from ymltrain.run.signals import StopSignal

EVALUATION_ROWS = 16_384


def newest_position(job: Job) -> ResumePoint | None:
    """Where the run's newest complete checkpoint stands, or None when there is none."""
    found = Checkpoints(job.run.checkpoints, job.plan.trainer.checkpoint.keep, job.plan.digest).newest()
    if found is None:
        return None
    path, snapshot = found
    position = snapshot.state.position
    return ResumePoint(checkpoint=path.name, epoch=position.epoch, step=position.step)


def reused_outcome(earlier: Earlier) -> TrainOutcome | None:
    """What an earlier run trained, read from its bundle; None when its weights are gone or are not what it says."""
    try:
        contract = read_contract((earlier.run.bundle / CONTRACT_FILE).read_bytes(), str(earlier.run.bundle))
        weights = verified_weights(earlier.run.bundle, contract)
    except (OSError, BundleError):
        return None
    final = earlier.final
    if final.steps is None or final.epochs is None or contract.digests.tensors != final.tensor_digest:
        return None
    return TrainOutcome(
        status="done",
        steps=final.steps,
        epochs=final.epochs,
        best_epoch=final.best_epoch,
        weights=weights,
        metrics=earlier.measured(lambda name: not name.startswith("test/")),
        resumed_from=None,
    )


def train_network(job: Job, data: PreparedData, emit: Callable[[RunEvent], None], stop: StopSignal) -> TrainOutcome:
    """Train the plan's network."""
    plan = job.plan
    parts = TrainingParts(
        network=_network(job, data),
        optimizer=job.build(plan.node("optimizer")),
        lr_scheduler=job.build(plan.node("lr_scheduler")),
        loss=job.build(plan.node("loss")),
        metrics=job.metrics(),
        strategy=job.build(plan.node("strategy")),
    )
    rows = data.report.rows
    emit(StageChanged(stage="train", note=f"{rows.train:,} rows, {rows.val:,} to validate, {rows.test:,} to test"))
    return train(
        plan,
        parts,
        TrainingData(train=data.splits["train"], val=data.splits.get("val"), target=data.target),
        Surroundings(checkpoints=job.run.checkpoints, emit=emit, stop=stop),
    )


def evaluate_test(job: Job, data: PreparedData, outcome: TrainOutcome) -> dict[str, float]:
    """The metrics of the trained weights on the test split, which nothing has looked at before; none when it is empty."""
    split = data.splits.get("test")
    if split is None or not split.rows:
        return {}
    job.watch(StageChanged(stage="evaluate", note=f"{split.rows:,} test rows"))
    network = _network(job, data)
    network.load_state_dict(outcome.weights)
    measures = Measures(job.build(job.plan.node("loss")).build(), job.metrics(), data.target)
    measured = evaluate(network, TensorSplit.of(split), measures, batch_rows=EVALUATION_ROWS)
    return {f"test/{name}": value for name, value in measured.items()}


def _network(job: Job, data: PreparedData) -> nn.Module:
    """The plan's network with its initial weights."""
    shapes = [data.encoders[feature.column].shape for feature in job.plan.features]
    return build_network(job.build(job.plan.node("model")), shapes, data.target.output, job.plan.seeds["weights"])
