"""The study in TensorBoard: each ended trial as a run, so that its HParams view can compare them.

    tensorboard --logdir studies/<name>/<study_id>/tb

It is a view derived from the journal: what is missing is written when the study is opened again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ymltrain.kinds.contracts import Tracker
from ymltrain.plan.events import MetricsLogged
from ymltrain.search.events import StudyEvent, Told
from ymltrain.search.study import Study, Trial


class TensorBoardView:
    """Writes ended trials. It never stops a search: what cannot be written is warned of once."""

    def __init__(self, folder: Path, make_tracker: Callable[[], Tracker], warn: Callable[[str], None]) -> None:
        self._folder, self._make, self._warn = folder, make_tracker, warn
        self._is_broken = False
        self._ended: list[tuple[Study, Trial, float]] = []

    def catch_up(self, study: Study) -> None:
        """Write the trials that ended while no one wrote them down."""
        for trial in study.trials:
            if trial.has_ended and not (self._folder / _name(trial)).exists():
                self._write(study, trial, 0.0)

    def watch(self, event: StudyEvent, study: Study) -> None:
        """Keep a trial that has ended for when there is time to write it."""
        if isinstance(event, Told):
            self._ended.append((study, study.trials[event.trial], event.time))

    def settle(self) -> None:
        """Write the trials that have ended."""
        while self._ended:
            self._write(*self._ended.pop(0))

    def _write(self, study: Study, trial: Trial, time: float) -> None:
        if self._is_broken:
            return
        folder = self._folder / _name(trial)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tracker = self._make()
            tracker.start(_name(trial), study.spec.metric, folder, {**trial.point, "state": trial.state})
            for epoch, value in enumerate(trial.values, start=1):
                tracker.observe(MetricsLogged(step=epoch, epoch=epoch, time=time, values={study.spec.metric: value}))
            if trial.metrics:
                final = {f"best/{name}": value for name, value in trial.metrics.items()}
                tracker.observe(MetricsLogged(step=len(trial.values), epoch=len(trial.values), time=time, values=final))
            tracker.finish("failed" if trial.state == "failed" else "done")
        except OSError as error:
            self._is_broken = True
            self._warn(f"TensorBoard's view of the study is not written any more: {error}")


def _name(trial: Trial) -> str:
    return f"trial-{trial.number:04}"
