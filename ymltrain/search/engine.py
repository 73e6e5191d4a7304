"""The search as it goes: free workers get what is to be done, and what they tell becomes events of the journal."""

from __future__ import annotations

import queue
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ymltrain.diagnostics import YmltrainError
from ymltrain.plan.plan import Plan, canonical_json
from ymltrain.run.signals import StopSignal
from ymltrain.search.deciding import Decisions, Wait
from ymltrain.search.events import Closed, Faulted, Paused, Placed, Reported, StudyEvent, Told
from ymltrain.search.journal import Journal
from ymltrain.search.messages import EpochDone, FromWorker, Judged, Lost, Ready, Setup, Train, TrialDone, TrialFailed
from ymltrain.search.placement import Placement, Worker
from ymltrain.search.study import Study, Trial

RETRIES = 2
"""How often a trial is tried again that failed through no fault of its own."""

PATIENCE = 0.5
"""Seconds after which the loop looks at the clock and at signals, when no worker tells anything."""


class Watcher(Protocol):
    """Someone who shows a search to a person."""

    def watch(self, event: StudyEvent, study: Study) -> None: ...

    def settle(self) -> None:
        """Do what was put off: every worker has something to do now, or the search is over."""
        ...


class View(Watcher, Protocol):
    """Someone who can be warned, too."""

    def warn(self, message: str) -> None: ...


@dataclass(frozen=True)
class Watchers:
    """Several at once."""

    all: tuple[Watcher, ...]

    def watch(self, event: StudyEvent, study: Study) -> None:
        """Tell each of them."""
        for watcher in self.all:
            watcher.watch(event, study)

    def settle(self) -> None:
        """Let each of them do what it put off."""
        for watcher in self.all:
            watcher.settle()


@dataclass
class Slot:
    """A worker and the trial it trains, if any."""

    worker: Worker
    trial: int | None = None


@dataclass
class Engine:
    """Runs one study until it is closed. `compile_trial` makes a trial's plan. Hold the study's lock."""

    study: Study
    journal: Journal
    decisions: Decisions
    placement: Placement
    setup: Setup
    trials_folder: Path
    compile_trial: Callable[[Trial], Plan]
    watcher: Watcher
    stop: StopSignal
    _inbox: queue.SimpleQueue[tuple[int, FromWorker]] = field(default_factory=queue.SimpleQueue)
    _slots: dict[int, Slot] = field(default_factory=dict)
    _numbers: int = 0
    _again: list[int] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    def run(self) -> Closed:
        """Search until there is nothing left to do, or a signal asks to stop. Raises RunError when the disk refuses."""
        self._again = [trial.number for trial in self.study.trials if trial.state == "running"]
        before = self.study.searched_seconds
        try:
            while not self.stop.is_requested:
                closed = self._fill(before + time.monotonic() - self._since)
                if closed is not None:
                    return closed
                self._hear()
            name = "interrupted" if self.stop.signal is signal.SIGINT else "preempted"
            return self._closed(Closed(reason=name, is_over=False))
        finally:
            for slot in self._slots.values():
                slot.worker.kill()
            self.watcher.settle()

    def _fill(self, seconds: float) -> Closed | None:
        """Give every free worker something to do; the end when nothing is left and nothing runs."""
        while (number := self._free_slot()) is not None:
            if self._again:
                self._place(number, self._again.pop(0))
                continue
            decided = self.decisions.next(seconds)
            if isinstance(decided, Wait):
                return None
            if isinstance(decided, Closed):
                return self._closed(decided)
            if isinstance(decided, Told):  # a paused trial that is left behind
                self._tell(self.study.trials[decided.trial], decided)
                continue
            self._log(decided)
            self._place(number, decided.trial)
        return None

    def _closed(self, closed: Closed) -> Closed:
        self._log(closed)
        return closed

    def _free_slot(self) -> int | None:
        """A worker without a trial; a new one when there may be more."""
        for number, slot in self._slots.items():
            if slot.trial is None:
                return number
        if len(self._slots) >= self.study.spec.budget.parallel:
            return None
        return self._start_worker()

    def _start_worker(self) -> int:
        number, self._numbers = self._numbers, self._numbers + 1
        worker = self.placement.start(number, self.setup, lambda sender, message: self._inbox.put((sender, message)))
        self._slots[number] = Slot(worker)
        return number

    def _place(self, number: int, trial_number: int) -> None:
        trial = self.study.trials[trial_number]
        try:
            plan = self.compile_trial(trial)
        except YmltrainError as error:  # what holds at every end of the space may not hold between
            self._tell(trial, Told(trial=trial.number, state="failed", epochs=0, failure="user_error", reason=_words(error)))
            return
        slot = self._slots[number]
        slot.trial = trial_number
        self._log(Placed(trial=trial_number, attempt=trial.attempts + 1, worker=number))
        folder = str(self.trials_folder / str(trial_number))
        text = canonical_json(plan).decode()
        asks = self.decisions.can_prune
        slot.worker.send(Train(trial=trial_number, plan=text, folder=folder, metric=self.study.spec.metric, asks=asks))

    def _hear(self) -> None:
        """Take in what one worker tells, if any does within the loop's patience.

        While they train is the time for what can wait.
        """
        self.journal.flush()
        self.watcher.settle()
        try:
            number, message = self._inbox.get(timeout=PATIENCE)
        except queue.Empty:
            return
        slot = self._slots.get(number)
        if slot is None or isinstance(message, Ready):
            return
        if isinstance(message, Lost):
            del self._slots[number]
            slot.worker.kill()
            if slot.trial is not None:
                self._failed(TrialFailed(trial=slot.trial, failure="infrastructure", reason=message.reason, seconds=0.0))
            elif self._numbers > self.study.spec.budget.parallel + RETRIES + len(self.study.trials):
                raise _no_worker(message.reason)
            return
        if isinstance(message, EpochDone):
            self._reported(message, slot)
            return
        slot.trial = None
        if isinstance(message, TrialFailed):
            self._failed(message)
            if message.failure == "out_of_memory":  # what it holds is not known to be free again
                del self._slots[number]
                slot.worker.kill()
        else:
            self._done(message)

    def _reported(self, message: EpochDone, slot: Slot) -> None:
        self._log(Reported(trial=message.trial, epoch=message.epoch, value=message.value))
        if message.goes_on and self.decisions.can_prune:
            slot.worker.send(Judged(verdict=self.decisions.verdict(self.study.trials[message.trial])))

    def _done(self, message: TrialDone) -> None:
        trial = self.study.trials[message.trial]
        if message.state == "paused":
            self._log(Paused(trial=trial.number, seconds=message.seconds))
            return
        complete = message.state == "complete"
        self._tell(
            trial,
            Told(
                trial=trial.number,
                state="complete" if complete else "pruned",
                epochs=message.epochs,
                seconds=message.seconds,
                value=message.value,
                metrics=message.metrics,
                reason="" if complete else f"stopped after epoch {message.epochs}",
            ),
        )

    def _failed(self, message: TrialFailed) -> None:
        trial = self.study.trials[message.trial]
        if message.failure == "infrastructure" and trial.faults < RETRIES:
            self._log(Faulted(trial=trial.number, failure=message.failure, reason=message.reason))
            self._again.append(trial.number)
            return
        told = Told(
            trial=trial.number,
            state="failed",
            epochs=len(trial.values),
            seconds=message.seconds,
            failure=message.failure,
            reason=message.reason,
        )
        self._tell(trial, told)

    def _tell(self, trial: Trial, told: Told) -> None:
        """A trial has ended; the state it was paused with is of no use any more."""
        self._log(told)
        folder = self.trials_folder / str(trial.number)
        if folder.exists():
            self.journal.flush()
            shutil.rmtree(folder, ignore_errors=True)

    def _log(self, event: StudyEvent) -> None:
        stamped = self.journal.append(event)
        self.study.apply(stamped)
        self.watcher.watch(stamped, self.study)


def _words(error: YmltrainError) -> str:
    return f"[{error.code}] {error.message}"


def _no_worker(reason: str) -> YmltrainError:
    from ymltrain.diagnostics import RunError

    return RunError("YT944", f"workers cannot be started: {reason}", "the study's workers/ folder holds what they printed")
