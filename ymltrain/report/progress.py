"""A run as it goes: a live bar on a terminal, a line for each epoch in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ymltrain.plan.events import EpochEnded, MetricsLogged, RunEvent, StageChanged
from ymltrain.plan.plan import Plan
from ymltrain.report.console import say, to_person
from ymltrain.report.numbers import figure

if TYPE_CHECKING:
    from rich.progress import Progress


class RunView(Protocol):
    """Someone who shows a run to a person."""

    def watch(self, event: RunEvent) -> None: ...

    def warn(self, message: str) -> None: ...


@contextmanager
def progress_for(plan: Plan, run_dir: Path) -> Iterator[RunView]:
    """The view that suits standard error."""
    say((f"{plan.name} → {run_dir}", "bold"))
    if not sys.stderr.isatty():
        yield _Lines(plan)
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Progress(*columns, console=to_person(), transient=True) as bar:
        yield _Bar(plan, bar)


class _Lines:
    """Plain lines: stages, one line an epoch, warnings."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._values: dict[str, float] = {}
        self._since = time.monotonic()

    def watch(self, event: RunEvent) -> None:
        if isinstance(event, MetricsLogged):
            self._values.update(event.values)
        elif isinstance(event, EpochEnded):
            self._print(epoch_line(self._plan, event, self._values, time.monotonic() - self._since))
            self._since = time.monotonic()
        elif isinstance(event, StageChanged):
            self._since = time.monotonic()
            self._print(f"[{event.stage}] {event.note}".rstrip())

    def warn(self, message: str) -> None:
        say((f"warning: {message}", "yellow"))

    def _print(self, line: str) -> None:
        say(line)


class _Bar(_Lines):
    """A bar over epochs below the lines."""

    def __init__(self, plan: Plan, bar: Progress) -> None:
        super().__init__(plan)
        self._bar = bar
        self._task = bar.add_task("starting", total=None, note="")

    def watch(self, event: RunEvent) -> None:
        super().watch(event)
        if isinstance(event, StageChanged):
            total = self._plan.trainer.max_epochs if event.stage == "train" else None
            self._bar.update(self._task, description=event.stage, total=total, note="")
        elif isinstance(event, EpochEnded):
            self._bar.update(self._task, completed=event.epoch)
        elif isinstance(event, MetricsLogged) and "train/loss" in event.values:
            self._bar.update(self._task, note=f"step {event.step:,}  loss {figure(event.values['train/loss'])}")


def epoch_line(plan: Plan, event: EpochEnded, values: dict[str, float], seconds: float) -> str:
    """What an epoch came to, on one line; a star marks the best so far."""
    shown = [name for name in values if name.startswith("val/")] or [name for name in values if name.startswith("train/loss")]
    figures = "  ".join(f"{name} {figure(values[name])}" for name in sorted(shown))
    star = " *" if event.is_best else "  "
    return f"epoch {event.epoch:>3}/{plan.trainer.max_epochs}{star} step {event.step:>6,}  {figures}  {seconds:.1f} s"
