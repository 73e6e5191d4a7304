"""A whole fit: a plan to a trained, evaluated, bundled and registered model; resumable at any moment.

Every stage can be repeated: training goes on from the newest complete checkpoint, evaluation and bundling are
functions of the weights, registration repeats no write. So resuming is running again.
"""

from __future__ import annotations

import math
import signal
import time
import traceback
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from ymltrain.bundle.contract import Contract
from ymltrain.diagnostics import DataError, InternalError, RunError, YmltrainError
from ymltrain.fit.clock import StageClock, seconds_since_process_start
from ymltrain.fit.job import FitResult, Job
from ymltrain.fit.reuse import Earlier, StageIndex
from ymltrain.plan.events import ArtifactWritten, MetricsLogged, RunEvent, StageChanged
from ymltrain.record.aggregates import aggregate
from ymltrain.record.artifacts import write_artifacts
from ymltrain.record.attempt import Attempt, Fault, ResumePoint, begin_attempt, end_attempt
from ymltrain.record.drawings import DrawingsWriter
from ymltrain.record.final import Final, RegisteredModel, write_final
from ymltrain.record.lock import locked
from ymltrain.record.log import RunLog
from ymltrain.record.metrics import MetricsWriter
from ymltrain.record.observers import Observers
from ymltrain.record.output import output_kept
from ymltrain.record.points import metrics_digest, read_metrics
from ymltrain.record.redaction import Redactor
from ymltrain.record.summary import flat_params
from ymltrain.record.system import system_watched
from ymltrain.run.signals import StopSignal, stop_on_signals

if TYPE_CHECKING:
    from ymltrain.data.prepare import PreparedData
    from ymltrain.fit.evaluating import Evaluated
    from ymltrain.run.parts import TrainOutcome

NOT_FINITE = "YT901"


def fit(job: Job) -> FitResult:
    """Run all stages of a plan, or what is left of them.

    Raises YmltrainError as the stages do; the attempt's end is recorded either way, and a run that no resume can
    mend is ended for good.
    """
    clock = StageClock(seconds_since_process_start())
    with locked(job.run), stop_on_signals(job.plan.compute.limit_seconds) as stop, ThreadPoolExecutor(1) as background:
        job.watch(StageChanged(stage="data", note=str(job.plan.node("datasource").params.get("path", ""))))
        prepared = background.submit(_timed_preparation, job, clock)
        return _Fit(job, clock, stop).run(prepared)


def _timed_preparation(job: Job, clock: StageClock) -> PreparedData:
    with clock.stage("data"):
        return job.prepare_data()


@dataclass(frozen=True)
class Done:
    """What the stages came to; `baselines` are their scores, `alias` is the one that moved to the registered model."""

    outcome: TrainOutcome
    metrics: Mapping[str, float]
    baselines: dict[str, dict[str, float | None]]
    contract: Contract
    model: RegisteredModel | None
    alias: str | None


class _Fit:
    """One attempt at a run."""

    def __init__(self, job: Job, clock: StageClock, stop: StopSignal) -> None:
        self._job = job
        self._clock = clock
        self._stop = stop
        self._index = StageIndex(job.workspace, job.plan, job.code)
        self._point: ResumePoint | None = None
        self._reused: dict[str, str] = {}
        self._redactor = Redactor(job.environment)
        self._log = RunLog(job.run, self._redactor)

    def run(self, prepared: Future[PreparedData]) -> FitResult:
        from ymltrain.fit.training import newest_position

        with self._clock.stage("startup"):
            self._point = newest_position(self._job)
            if not self._may_reuse("train"):
                from ymltrain.run.startup import import_training

                import_training()
        attempt = begin_attempt(self._job.run, self._point)
        self._log.write(f"attempt {attempt.number} begins")
        with output_kept(self._job.run, self._redactor), system_watched(self._job.run, attempt.number):
            return self._attempt(attempt, prepared)

    def _attempt(self, attempt: Attempt, prepared: Future[PreparedData]) -> FitResult:
        try:
            result = self._stages(attempt, prepared)
        except YmltrainError as error:
            self._log.write(f"attempt {attempt.number} failed: [{error.code}] {error.message}")
            end_attempt(self._job.run, attempt, "failed", error)
            if _ends_for_good(error):
                write_final(self._job.run, Final(status="failed", ended=_now(), fault=Fault.of(error)))
            raise
        except KeyboardInterrupt:
            end_attempt(self._job.run, attempt, "interrupted")
            raise
        except Exception as error:
            self._log.write("".join(traceback.format_exception(error)))
            fault = InternalError(
                "YT999", f"a fault of ymltrain itself: {type(error).__name__}: {error}", str(self._job.run.log_file)
            )
            end_attempt(self._job.run, attempt, "failed", fault)
            raise
        end_attempt(self._job.run, attempt, result.status)
        self._log.write(f"attempt {attempt.number} ends: {result.status}")
        return result

    def _stages(self, attempt: Attempt, prepared: Future[PreparedData]) -> FitResult:
        job = self._job
        if job.plan.register is not None:
            from ymltrain.fit.registering import reach_registry

            reach_registry(job)
        data = prepared.result()
        for warning in data.report.warnings:
            self._warn(warning)
        writer = MetricsWriter(job.run, attempt.number, 0, self._warn)
        observers = Observers(writer, job.trackers(), self._warn, drawings=DrawingsWriter(job.run, attempt.number, self._warn))
        observers.start(job.run.run_id, job.plan.name, job.run.path, flat_params(job.plan.recipe.resolved))
        status = "failed"
        try:
            with self._clock.stage("train"):
                outcome = self._train(data, observers)
            status = self._status(outcome)
            if status != "done":
                return self._result(outcome, status, attempt)
            with self._clock.stage("evaluate"):
                evaluated = self._evaluate(data, outcome)
            metrics = outcome.metrics | dict(evaluated.metrics)
            values = dict(evaluated.metrics)
            observers.emit(MetricsLogged(step=outcome.steps, epoch=outcome.epochs, time=time.time(), values=values))
            self._emit(observers, StageChanged(stage="bundle"))
            contract = self._bundle(data, outcome, evaluated, metrics)
            observers.emit(ArtifactWritten(path=job.run.bundle, role="bundle"))
            model, alias = self._register(data, contract, metrics)
        finally:
            observers.finish(status)
        done = Done(outcome, metrics, evaluated.scores, contract, model, alias)
        result = self._finish(done, attempt)
        self._index.remember(job.run, data.fingerprint)
        return result

    def _train(self, data: PreparedData, observers: Observers) -> TrainOutcome:
        """Train, or take what an earlier run has trained from the same."""
        from ymltrain.fit.training import reused_outcome, train_network

        earlier = self._earlier("train", data)
        outcome = reused_outcome(earlier) if earlier is not None else None
        if earlier is None or outcome is None:
            return train_network(self._job, data, lambda event: self._emit(observers, event), self._stop, settle=observers.settle)
        self._reuse("train", earlier)
        return outcome

    def _evaluate(self, data: PreparedData, outcome: TrainOutcome) -> Evaluated:
        """The evaluation on the test split; that of the earlier run when the weights are that run's."""
        from ymltrain.fit.evaluating import evaluate_test, reused_evaluation

        earlier = self._earlier("evaluate", data) if "train" in self._reused else None
        found = reused_evaluation(self._job, earlier, data) if earlier is not None else None
        if earlier is None or found is None:
            return evaluate_test(self._job, data, outcome)
        self._reuse("evaluate", earlier)
        return found

    def _may_reuse(self, stage: str) -> bool:
        """Whether an earlier run may have done this stage; never where this run itself has begun to."""
        return self._point is None and stage not in self._job.forced and self._index.may_know(stage)

    def _earlier(self, stage: str, data: PreparedData) -> Earlier | None:
        return self._index.find(stage, data.fingerprint) if self._may_reuse(stage) else None

    def _reuse(self, stage: str, earlier: Earlier) -> None:
        self._reused[stage] = earlier.run.run_id
        self._log.write(f"stage {stage} is that of run {earlier.run.run_id}")
        self._job.watch(
            StageChanged(stage=stage, note=f"unchanged since run {earlier.run.run_id}; --force-stage {stage} does it again")
        )

    def _bundle(self, data: PreparedData, outcome: TrainOutcome, evaluated: Evaluated, metrics: dict[str, float]) -> Contract:
        from ymltrain.bundle.write import Trained, write_bundle
        from ymltrain.fit.exporting import export_maker
        from ymltrain.fit.profiling import profile_maker

        job = self._job
        with self._clock.stage("bundle"):
            try:
                trained = Trained(
                    data,
                    outcome.weights,
                    metrics,
                    make_profile=profile_maker(job, data),
                    make_exports=export_maker(job),
                    evaluation=evaluated.record,
                    baselines=evaluated.baselines,
                )
                return write_bundle(job.run.bundle, job.plan, trained, job.catalog, job.environment)
            except OSError as error:
                message = f"the bundle cannot be written to {job.run.bundle}: {error.strerror}"
                raise RunError("YT910", message, "training is saved: make room, then `ymltrain fit --resume`") from error

    def _register(
        self, data: PreparedData, contract: Contract, metrics: dict[str, float]
    ) -> tuple[RegisteredModel | None, str | None]:
        from ymltrain.fit.registering import register_bundle, registered_model, still_registered

        job = self._job
        if job.plan.register is None:
            return None, None
        with self._clock.stage("register"):
            earlier = self._earlier("register", data) if "evaluate" in self._reused else None
            known = still_registered(job, earlier.final.model) if earlier is not None else None
            if earlier is not None and known is not None:
                self._reuse("register", earlier)
            version, alias = register_bundle(job, contract, metrics, known)
        return registered_model(version), alias

    def _finish(self, done: Done, attempt: Attempt) -> FitResult:
        from ymltrain.fit.evidence import declared_level

        write_artifacts(self._job.run, {"bundle": self._job.run.bundle})
        values = {name: value if math.isfinite(value) else None for name, value in done.metrics.items()}
        result = msgspec.structs.replace(
            self._result(done.outcome, "done", attempt),
            metrics=values,
            baselines=done.baselines,
            tensor_digest=done.contract.digests.tensors,
            model=done.model,
            promoted=done.alias,
        )
        points = read_metrics(self._job.run)
        write_final(
            self._job.run,
            Final(
                status="done",
                ended=_now(),
                metrics=values,
                baselines=result.baselines,
                steps=result.steps,
                epochs=done.outcome.epochs,
                best_epoch=result.best_epoch,
                tensor_digest=result.tensor_digest,
                metrics_digest=metrics_digest(points),
                level=declared_level(self._job.plan),
                model=done.model,
                reused=self._reused,
                timings=result.timings,
                aggregates=aggregate(points),
            ),
        )
        return result

    def _result(self, outcome: TrainOutcome, status: str, attempt: Attempt) -> FitResult:
        resumed = attempt.resumed_from
        return FitResult(
            run_id=self._job.run.run_id,
            run_dir=str(self._job.run.path),
            status=status,  # type: ignore[arg-type]  # _status makes no other
            metrics={name: value if math.isfinite(value) else None for name, value in outcome.metrics.items()},
            steps=outcome.steps,
            best_epoch=outcome.best_epoch,
            tensor_digest=None,
            resumed_from=resumed.checkpoint if resumed is not None else None,
            model=None,
            promoted=None,
            baselines={},
            reused=self._reused,
            timings=self._clock.seconds,
        )

    def _status(self, outcome: TrainOutcome) -> str:
        if outcome.status == "done":
            return "done"
        return "interrupted" if self._stop.signal is signal.SIGINT else "preempted"

    def _emit(self, observers: Observers, event: RunEvent) -> None:
        observers.emit(event)
        self._job.watch(event)

    def _warn(self, message: str) -> None:
        self._log.write(f"warning: {message}")
        self._job.warn(message)


def _ends_for_good(error: YmltrainError) -> bool:
    """Whether resuming cannot mend it: the data do not fit, or the numbers ran away."""
    return isinstance(error, DataError) or error.code == NOT_FINITE


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
