"""The stages that need torch: train, then evaluate once on the test split."""

from __future__ import annotations

import signal
from collections.abc import Callable

from torch import nn

from ymltrain.bundle.contract import CONTRACT_FILE, read_contract
from ymltrain.bundle.predictor import verified_weights
from ymltrain.data.loader import TensorSplit
from ymltrain.data.prepare import PreparedData
from ymltrain.diagnostics import BundleError, RunError
from ymltrain.evaluation.evaluate import Measures, evaluate
from ymltrain.fit.evidence import gather_evidence
from ymltrain.fit.job import Job
from ymltrain.fit.reuse import Earlier
from ymltrain.launch.budget import count_preemption
from ymltrain.launch.handover import Handover
from ymltrain.launch.local import Launch, launch_training
from ymltrain.plan.events import RunEvent, StageChanged
from ymltrain.plan.shapes import FeatureShape
from ymltrain.record.attempt import ResumePoint, read_attempts
from ymltrain.record.evidence import write_evidence
from ymltrain.run.checkpoint import Checkpoints
from ymltrain.run.parts import Surroundings, TrainingData, TrainOutcome
from ymltrain.run.pieces import Pieces
from ymltrain.run.session import build_network, make_parts, train
from ymltrain.run.signals import StopSignal

EVALUATION_ROWS = 16_384


def newest_position(job: Job) -> ResumePoint | None:
    """Where the run's newest complete checkpoint stands, or None when there is none."""
    plans = (job.plan.digest, *job.run.earlier_digests())
    found = Checkpoints(job.run.checkpoints, job.plan.trainer.checkpoint.keep, plans).newest()
    if found is None:
        return None
    position = found.state.position
    return ResumePoint(checkpoint=found.path.name, epoch=position.epoch, step=position.step)


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
        pieces=Pieces(weights),
        metrics=earlier.measured(lambda name: not name.startswith("test/")),
        resumed_from=None,
    )


def train_network(
    job: Job,
    data: PreparedData,
    emit: Callable[[RunEvent], None],
    stop: StopSignal,
    *,
    settle: Callable[[], None] = lambda: None,
) -> TrainOutcome:
    """Train the plan's network, in this process or in one for each device; `settle` is called before each checkpoint."""
    plan = job.plan
    rows = data.report.rows
    emit(StageChanged(stage="train", note=f"{rows.train:,} rows, {rows.val:,} to validate, {rows.test:,} to test"))
    around = Surroundings(checkpoints=job.run.checkpoints, emit=emit, stop=stop, plans=job.run.earlier_digests(), settle=settle)
    train_split, val = data.splits["train"], data.splits.get("val")
    attempt = len(read_attempts(job.run))
    if plan.topology.world_size > 1:
        write_evidence(job.run, attempt, gather_evidence(plan, data, None))
        launch = Launch(plan, job.run.path, job.workspace, job.catalog.plugin_files, job.warn)
        outcome = launch_training(launch, Handover(train_split, val, _shapes(job, data), data.target), around)
    else:
        parts = make_parts(plan, job.build, _shapes(job, data), data.target.output)
        write_evidence(job.run, attempt, gather_evidence(plan, data, parts.network))
        outcome = train(plan, parts, TrainingData(train=train_split, val=val, target=data.target), around)
    if outcome.status == "preempted" and stop.signal is not signal.SIGINT:
        _count_preemption(job)
    return outcome


def _count_preemption(job: Job) -> None:
    """Keep how often the run was preempted. Raises RunError when that is more often than the recipe allows."""
    allowed = job.plan.compute.max_preemptions
    count = count_preemption(job.run.path).preemptions
    if allowed is not None and count > allowed:
        message = f"the run was preempted {count} times, and compute.max_preemptions is {allowed}; its state is saved"
        raise RunError("YT983", message, "`ymltrain fit --resume` goes on; ask for time that is not taken away, or allow more")


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
    return build_network(job.build(job.plan.node("model")), _shapes(job, data), data.target.output, job.plan.seeds["weights"])


def _shapes(job: Job, data: PreparedData) -> list[FeatureShape]:
    """The shapes of the encoded features, in plan order."""
    return [data.encoders[feature.column].shape for feature in job.plan.features]
