"""One trial in a worker: its plan trained and validated, epoch by epoch, nothing written but the state of a paused one."""

from __future__ import annotations

import math
import signal
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from ymltrain.catalog.catalog import Catalog
from ymltrain.data.prepare import PreparedData
from ymltrain.diagnostics import RunError, YmltrainError
from ymltrain.fit.job import Job
from ymltrain.plan.events import EpochEnded, MetricsLogged, RunEvent
from ymltrain.plan.plan import Plan, read_plan
from ymltrain.plan.sections import Checkpoint
from ymltrain.record.directory import RunDirectory
from ymltrain.run.parts import TrainOutcome
from ymltrain.run.signals import StopSignal
from ymltrain.search.events import FailureClass
from ymltrain.search.messages import EpochDone, FromWorker, Train, TrialDone, TrialFailed, Verdict

NOT_FINITE = "YT901"
NEVER = 1_000_000_000
KEPT_TABLES = 2
"""How many encoded tables a worker holds: trials that change how columns are encoded each need their own."""


class Search(Protocol):
    """The search, as a trial sees it."""

    def send(self, message: FromWorker) -> None: ...

    def verdict(self) -> Verdict: ...


class _StoppedError(Exception):
    """The trial is stopped; nothing of it is kept."""


class TrialTrainer:
    """Trains trials one after another; the encoded data are kept between them."""

    def __init__(self, workspace: Path, catalog: Catalog, environment: Mapping[str, str]) -> None:
        self._workspace, self._catalog, self._environment = workspace, catalog, environment
        self._tables: dict[str, PreparedData] = {}

    def train(self, asked: Train, search: Search) -> None:
        """Train a trial and tell the search what came of it, whatever it is."""
        started = time.perf_counter()
        try:
            search.send(self._trained(asked, search, started))
        except Exception as error:  # noqa: BLE001 - a failed trial is an outcome; the next one may do better
            traceback.print_exception(error)
            seconds = round(time.perf_counter() - started, 3)
            search.send(TrialFailed(trial=asked.trial, failure=classify(error), reason=_reason(error), seconds=seconds))

    def _trained(self, asked: Train, search: Search, started: float) -> TrialDone:
        from ymltrain.fit.training import train_trial

        plan = read_plan(asked.plan.encode(), f"the plan of trial {asked.trial}")
        run = RunDirectory(Path(asked.folder), plan.name, f"trial {asked.trial}")
        job = Job(
            plan=_without_checkpoints(plan),
            run=run,
            workspace=self._workspace,
            catalog=self._catalog,
            environment=self._environment,
            watch=lambda _: None,
            warn=lambda _: None,
        )
        data = self._data(job)
        reporter = _Reporter(asked, search, plan.trainer.max_epochs)
        outcome: TrainOutcome | None
        try:
            outcome = train_trial(job, data, reporter.hear, reporter.stop)
        except _StoppedError:
            outcome = None
        seconds = round(time.perf_counter() - started, 3)
        if outcome is None or outcome.status == "preempted":
            state = "stopped" if outcome is None else "paused"
            return TrialDone(trial=asked.trial, state=state, value=None, metrics={}, epochs=reporter.epochs, seconds=seconds)  # type: ignore[arg-type]  # a Literal
        metrics = {name: value for name, value in outcome.metrics.items() if math.isfinite(value)}
        if asked.metric not in metrics:
            raise RunError(NOT_FINITE, f"{asked.metric} is not finite at the end", "")
        return TrialDone(
            trial=asked.trial,
            state="complete",
            value=metrics[asked.metric],
            metrics=metrics,
            epochs=outcome.epochs,
            seconds=seconds,
        )

    def _data(self, job: Job) -> PreparedData:
        key = job.plan.stage("features").digest
        if key not in self._tables:
            while len(self._tables) >= KEPT_TABLES:
                del self._tables[next(iter(self._tables))]
            self._tables[key] = job.prepare_data()
        return self._tables[key]


class _Reporter:
    """Tells the search of each epoch and does what it says."""

    def __init__(self, asked: Train, search: Search, max_epochs: int) -> None:
        self._asked, self._search, self._max_epochs = asked, search, max_epochs
        self._value = math.nan
        self.epochs = 0
        self.stop = StopSignal()

    def hear(self, event: RunEvent) -> None:
        """An event of the training."""
        if isinstance(event, MetricsLogged):
            self._value = event.values.get(self._asked.metric, self._value)
        elif isinstance(event, EpochEnded):
            self._epoch_ended(event.epoch)

    def _epoch_ended(self, epoch: int) -> None:
        self.epochs = epoch
        if not math.isfinite(self._value):
            raise RunError(NOT_FINITE, f"{self._asked.metric} is not finite after epoch {epoch}", "")
        goes_on = epoch < self._max_epochs
        self._search.send(EpochDone(trial=self._asked.trial, epoch=epoch, value=self._value, goes_on=goes_on))
        if not goes_on or not self._asked.asks:
            return
        verdict = self._search.verdict()
        if verdict == "stop":
            raise _StoppedError
        if verdict == "pause":
            self.stop.request(signal.SIGTERM)


def classify(error: Exception) -> FailureClass:
    """Whose fault a failed trial is, which says whether it is tried again."""
    if isinstance(error, YmltrainError):
        if error.code == NOT_FINITE:
            return "not_finite"
        return "infrastructure" if isinstance(error.__cause__, OSError) else "user_error"
    words = str(error).lower()
    if isinstance(error, MemoryError) or "out of memory" in words or "can't allocate memory" in words:
        return "out_of_memory"
    return "infrastructure" if isinstance(error, OSError) else "user_error"


def _reason(error: Exception) -> str:
    if isinstance(error, YmltrainError):
        return f"[{error.code}] {error.message}"
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _without_checkpoints(plan: Plan) -> Plan:
    """The same plan, of the same digest, whose state is saved only when a trial pauses."""
    checkpoint = Checkpoint(every_n_epochs=NEVER, keep=1)
    return msgspec.structs.replace(plan, trainer=msgspec.structs.replace(plan.trainer, checkpoint=checkpoint))
