"""The stage `train`, which needs torch."""

from __future__ import annotations

import signal
from collections.abc import Callable

from ymltrain.bundle.contract import CONTRACT_FILE, read_contract
from ymltrain.bundle.predictor import verified_weights
from ymltrain.data.prepare import PreparedData
from ymltrain.diagnostics import BundleError, RunError
from ymltrain.fit.evidence import gather_evidence
from ymltrain.fit.job import Job
from ymltrain.fit.reuse import Earlier
from ymltrain.launch.budget import count_preemption
from ymltrain.launch.handover import Handover
from ymltrain.launch.local import Launch, launch_training
from ymltrain.plan.events import RunEvent, StageChanged
from ymltrain.record.attempt import ResumePoint, read_attempts
from ymltrain.record.evidence import write_evidence
from ymltrain.run.checkpoint import Checkpoints
from ymltrain.run.parts import Surroundings, TrainingData, TrainingParts, TrainOutcome
from ymltrain.run.pieces import Pieces
from ymltrain.run.session import make_parts, train
from ymltrain.run.signals import StopSignal


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
    """Train the plan's network as a run: evidence of what it begins with is kept, and how often it was preempted.

    `settle` is called before each checkpoint.
    """
    emit(_beginning(data))
    parts = _parts(job, data)
    evidence = gather_evidence(job.plan, data, None if parts is None else parts.network)
    write_evidence(job.run, len(read_attempts(job.run)), evidence)
    around = Surroundings(checkpoints=job.run.checkpoints, emit=emit, stop=stop, plans=job.run.earlier_digests(), settle=settle)
    outcome = _trained(job, data, parts, around)
    if outcome.status == "preempted" and stop.signal is not signal.SIGINT:
        _count_preemption(job)
    return outcome


def train_trial(job: Job, data: PreparedData, emit: Callable[[RunEvent], None], stop: StopSignal) -> TrainOutcome:
    """Train the plan's network for what it measures: the state is kept where training is stopped, and nothing besides."""
    emit(_beginning(data))
    around = Surroundings(checkpoints=job.run.checkpoints, emit=emit, stop=stop, keeps_end=False)
    return _trained(job, data, _parts(job, data), around)


def _beginning(data: PreparedData) -> StageChanged:
    report = data.report
    counts, what = (report.rows, "rows") if report.tokens is None else (report.tokens, "tokens")
    note = f"{counts.train:,} {what}, {counts.val:,} to validate, {counts.test:,} to test"
    return StageChanged(stage="train", note=note)


def _parts(job: Job, data: PreparedData) -> TrainingParts | None:
    """What trains in this process; None where several processes make their own."""
    plan = job.plan
    if plan.topology.world_size > 1:
        return None
    return make_parts(plan, job.build, data.shapes, data.target.output)


def _trained(job: Job, data: PreparedData, parts: TrainingParts | None, around: Surroundings) -> TrainOutcome:
    """Train in this process, or in one for each device."""
    plan, train_split, val = job.plan, data.splits["train"], data.splits.get("val")
    if parts is not None:
        return train(plan, parts, TrainingData(train=train_split, val=val, target=data.target), around)
    launch = Launch(plan, job.run.path, job.workspace, job.catalog.plugin_files, job.warn)
    return launch_training(launch, Handover(train_split, val, data.shapes, data.target), around)


def _count_preemption(job: Job) -> None:
    """Keep how often the run was preempted. Raises RunError when that is more often than the recipe allows."""
    allowed = job.plan.compute.max_preemptions
    count = count_preemption(job.run.path).preemptions
    if allowed is not None and count > allowed:
        message = f"the run was preempted {count} times, and compute.max_preemptions is {allowed}; its state is saved"
        raise RunError("YT983", message, "`ymltrain fit --resume` goes on; ask for time that is not taken away, or allow more")
