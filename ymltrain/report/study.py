"""A search as it goes, and what it came to: a live table on a terminal, a line for each trial in a pipe."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ymltrain.report.console import draw, say, tell, to_person
from ymltrain.report.numbers import figure, seconds
from ymltrain.search.events import Changed, Closed, Faulted, Opened, StudyEvent, Told
from ymltrain.search.findings import Finding
from ymltrain.search.search import Searched
from ymltrain.search.study import Study, Trial

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

SHOWN_PARAMS = 6


@contextmanager
def search_view(name: str, study_dir: Path) -> Iterator[SearchLines]:
    """The view that suits standard error."""
    say((f"{name} → {study_dir}", "bold"))
    if not sys.stderr.isatty():
        yield SearchLines()
        return
    from rich.live import Live

    with Live(console=to_person(), transient=True, refresh_per_second=4) as live:
        yield SearchTable(live)


class SearchLines:
    """One line a trial, when it has ended."""

    def watch(self, event: StudyEvent, study: Study) -> None:
        """Show what an event means to a person."""
        for line, style in self._lines(event, study):
            say((line, style))

    def settle(self) -> None:
        """Nothing is put off: a line costs little."""

    def warn(self, message: str) -> None:
        """Show a warning."""
        say((f"warning: {message}", "yellow"))

    def _lines(self, event: StudyEvent, study: Study) -> Iterator[tuple[str, str]]:
        if isinstance(event, Told):
            yield trial_line(study, study.trials[event.trial]), "" if event.state == "complete" else "dim"
        elif isinstance(event, Faulted):
            yield f"trial {event.trial:>4} failed and is tried again: {event.reason}", "yellow"
        elif isinstance(event, Changed):
            yield "the recipe was edited:", "bold"
            for change in event.changes:
                yield f"  {change}", ""
            if event.hidden:
                yield f"  {len(event.hidden)} of {len(study.trials)} trials lie outside the space now and do not count", "yellow"
        elif isinstance(event, Opened) and study.trials:
            ended = sum(trial.has_ended for trial in study.trials)
            yield f"{ended} trials have ended, {len(study.trials) - ended} go on", ""
        elif isinstance(event, Closed):
            yield event.reason, "bold"


class SearchTable(SearchLines):
    """The lines, and below them how the search stands."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._since = time.monotonic()
        self._ended_before: int | None = None

    def watch(self, event: StudyEvent, study: Study) -> None:
        super().watch(event, study)
        if self._ended_before is None:
            self._ended_before = sum(trial.has_ended for trial in study.trials)
        if not isinstance(event, Closed):
            self._live.update(self._table(study))

    def _table(self, study: Study) -> Table:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        for trial in study.trials:
            if trial.state == "running":
                value = f"{study.spec.metric} {figure(trial.values[-1])}" if trial.values else ""
                table.add_row(f"trial {trial.number:>4}", "running", f"epoch {len(trial.values)}", value, params_text(trial.point))
        best = study.best
        if best is not None and best.value is not None:
            table.add_row(
                "best",
                f"trial {best.number}",
                "",
                f"{study.spec.metric} {figure(best.value)}",
                params_text(best.point),
                style="green",
            )
        counts = Counter(trial.state for trial in study.trials)
        listed = ", ".join(f"{counts[state]} {state}" for state in ("complete", "pruned", "failed", "paused") if counts[state])
        table.add_row(f"{len(study.trials)}/{study.spec.budget.max_trials}", listed, self._left(study))
        return table

    def _left(self, study: Study) -> str:
        """How long the rest will take at the pace so far."""
        ended = sum(trial.has_ended for trial in study.trials)
        here = ended - (self._ended_before or 0)
        if here < 2:
            return ""
        pace = (time.monotonic() - self._since) / here
        return f"about {seconds(pace * (study.spec.budget.max_trials - ended))} left"


def trial_line(study: Study, trial: Trial) -> str:
    """What a trial came to, on one line; a star marks the best so far."""
    star = "*" if study.best is trial else " "
    epochs = f"{len(trial.values)} epoch{'s' if len(trial.values) != 1 else ''}"
    if trial.state == "complete" and trial.value is not None:
        outcome = f"{study.spec.metric} {figure(trial.value)}"
    else:
        outcome = trial.reason
    return f"trial {trial.number:>4} {trial.state:<8} {star} {outcome}  {epochs}  {trial.seconds:.1f} s  {params_text(trial.point)}"


def params_text(point: Mapping[str, Any]) -> str:
    """A point in a few words."""
    shown = [f"{path}={_text(value)}" for path, value in point.items()]
    return " ".join(shown[:SHOWN_PARAMS]) + (" …" if len(shown) > SHOWN_PARAMS else "")


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace(" ", "")


def show_searched(searched: Searched, findings: list[Finding]) -> None:
    """The best candidates, what to be aware of, and what to do next."""
    from rich.table import Table

    study = searched.study
    complete = sorted(
        (trial for trial in study.visible if trial.state == "complete" and trial.value is not None),
        key=lambda trial: study.loss(trial.value or 0.0),
    )
    if complete:
        paths = list(dict.fromkeys(path for trial in complete[:5] for path in trial.point))
        table = Table("trial", study.spec.metric, "epochs", *paths, box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for trial in complete[:5]:
            cells = (_text(trial.point[path]) if path in trial.point else "" for path in paths)
            table.add_row(str(trial.number), figure(trial.value), str(len(trial.values)), *cells)
        draw(table)
    counts = Counter(trial.state for trial in study.trials)
    epochs = sum(len(trial.values) for trial in study.trials)
    states = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    tell(f"{len(study.trials)} trials ({states}), {epochs:,} epochs in {seconds(study.seconds)}; {searched.closed.reason}")
    for finding in findings:
        say((f"note: {finding.message}", "yellow"))
    tell(f"study    {searched.directory.study_id}  {searched.directory.path}")
    if not searched.closed.is_over:
        tell(f"go on    ymltrain tune --resume {searched.directory.study_id}")
    tell(f"report   ymltrain tune report {searched.directory.study_id} -o report.html")
