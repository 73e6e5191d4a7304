"""Studies whose trials cost nothing: the real engine, journal, searchers and pruners, and workers that compute a curve.

A worker of these keeps the contract of a placement: it takes messages and delivers messages, remembers in the trial's
folder how far a paused trial has come, and trains nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ymltrain.plan.search.space import Space
from ymltrain.plan.search.spec import Budget, SearchSpec
from ymltrain.run.signals import StopSignal
from ymltrain.search.asking import Candidates
from ymltrain.search.deciding import Decisions
from ymltrain.search.engine import Engine
from ymltrain.search.events import Closed, Opened
from ymltrain.search.journal import Journal, read_journal
from ymltrain.search.messages import EpochDone, Judged, Setup, Train, TrialDone, TrialFailed
from ymltrain.search.study import Study

Curve = Callable[[Mapping[str, Any], int], float]
"""The metric of a point after an epoch; what it raises is the failure of the trial."""


class Worker:
    """Answers each message at once, in the sender's thread."""

    def __init__(self, number: int, epochs: int, curve: Curve, deliver: Callable[[int, Any], None]) -> None:
        self._tell = lambda message: deliver(number, message)
        self._epochs, self._curve = epochs, curve

    def send(self, message: Any) -> None:
        if isinstance(message, Train):
            self._asked, self._point = message, json.loads(message.plan)
            self._paused = Path(message.folder) / "paused"
            self._epoch = int(self._paused.read_text()) if self._paused.exists() else 0
            self._go_on()
        elif isinstance(message, Judged) and message.verdict == "continue":
            self._go_on()
        elif isinstance(message, Judged):
            if message.verdict == "pause":
                self._paused.parent.mkdir(parents=True, exist_ok=True)
                self._paused.write_text(str(self._epoch))
            self._end("paused" if message.verdict == "pause" else "stopped", None)

    def kill(self) -> None:
        """There is nothing to end."""

    def _go_on(self) -> None:
        while self._epoch < self._epochs:
            self._epoch += 1
            try:
                value = self._curve(self._point, self._epoch)
            except ArithmeticError as error:
                self._tell(TrialFailed(trial=self._asked.trial, failure="user_error", reason=str(error), seconds=0.0))
                return
            goes_on = self._epoch < self._epochs
            self._tell(EpochDone(trial=self._asked.trial, epoch=self._epoch, value=value, goes_on=goes_on))
            if goes_on and self._asked.asks:
                return
        self._end("complete", min(self._curve(self._point, epoch) for epoch in range(1, self._epochs + 1)))

    def _end(self, state: Any, value: float | None) -> None:
        metrics = {} if value is None else {"val/loss": value}
        self._tell(TrialDone(trial=self._asked.trial, state=state, value=value, metrics=metrics, epochs=self._epoch, seconds=0.0))


class Silent:
    """Shows nothing."""

    def watch(self, event: Any, study: Study) -> None: ...

    def settle(self) -> None: ...


@dataclass
class Simulation:
    """A study in a folder, searched as far as its journal does not go yet."""

    folder: Path
    space: Space
    tuner: Any
    pruner: Any
    curve: Curve
    budget: Budget
    epochs: int = 9
    goal: Any = "minimize"

    @property
    def journal(self) -> Path:
        """Its journal."""
        return self.folder / "journal.jsonl"

    def run(self) -> tuple[Study, Closed]:
        """Search to the end."""
        spec = SearchSpec(metric="val/loss", goal=self.goal, budget=self.budget, space=self.space)
        study, journal = Study(spec, read_journal(self.journal)), Journal(self.journal)
        study.apply(journal.append(Opened(ymltrain="0", host="here", pid=1, plan="")))
        engine = Engine(
            study=study,
            journal=journal,
            decisions=Decisions(study, Candidates(spec, self.tuner, "simulated", 5), self.pruner, self.epochs),
            placement=self,
            setup=Setup(workspace="", plugins=(), threads=1),
            trials_folder=self.folder / "trials",
            compile_trial=lambda trial: trial.point,
            watcher=Silent(),
            stop=StopSignal(),
        )
        try:
            return study, engine.run()
        finally:
            journal.close()

    def start(self, number: int, setup: Setup, deliver: Callable[[int, Any], None]) -> Worker:
        """As a placement: a worker of this process."""
        del setup
        return Worker(number, self.epochs, self.curve, deliver)

    def events(self) -> list[dict[str, Any]]:
        """What the journal holds of trials, without the time and without who opened and closed it."""
        kept = []
        for line in self.journal.read_bytes().splitlines():
            event = msgspec.json.decode(line)
            if event["event"] not in ("opened", "closed"):
                kept.append({key: value for key, value in event.items() if key not in ("time", "attempt", "worker")})
        return kept
