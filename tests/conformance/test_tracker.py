"""The built-in trackers pass the kit; trackers that break the contract do not."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ymltrain.api import MetricsLogged, NoParams
from ymltrain.builtin.tracker.tensorboard import TensorBoardTracker
from ymltrain.testing.tracker import TrackerKit


class TestTensorBoard(TrackerKit):
    """`tensorboard`, read back with TensorBoard's own reader."""

    def make(self) -> TensorBoardTracker:
        return TensorBoardTracker(NoParams())

    def read(self, run_dir: Path) -> dict[str, list[tuple[int, float]]]:
        reader = EventAccumulator(str(run_dir / "tb"), size_guidance={"scalars": 0}).Reload()
        return {tag: [(event.step, event.value) for event in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]}


class Ledger:
    """A sound tracker that keeps each event's values as a line of JSON."""

    def start(self, run_id, name, run_dir, params):
        self.file = run_dir / "ledger.jsonl"
        self.file.touch()

    def observe(self, event):
        if isinstance(event, MetricsLogged):
            with self.file.open("a") as file:
                file.write(json.dumps([event.step, event.values]) + "\n")

    def finish(self, status):
        pass


class TestLedger(TrackerKit):
    """The ledger, read back line by line."""

    def make(self) -> Ledger:
        return Ledger()

    def read(self, run_dir: Path) -> dict[str, list[tuple[int, float]]]:
        kept: dict[str, list[tuple[int, float]]] = {}
        for step, values in map(json.loads, (run_dir / "ledger.jsonl").read_text().splitlines()):
            for name, value in values.items():
                kept.setdefault(name, []).append((step, value))
        return kept


class SkipsSteps(Ledger):
    """Keeps every second step."""

    def observe(self, event):
        if not isinstance(event, MetricsLogged) or event.step % 2:
            super().observe(event)


class KnowsOneEvent(Ledger):
    """Takes every event for metrics."""

    def observe(self, event):
        super().observe(MetricsLogged(step=event.step, epoch=0, time=0.0, values=event.values))


class DropsNan(Ledger):
    """Passes over an event that holds a NaN, with all values beside it."""

    def observe(self, event):
        if not any(map(math.isnan, getattr(event, "values", {}).values())):
            super().observe(event)


class StartsAnew(Ledger):
    """Throws away what an earlier attempt had kept."""

    def start(self, run_id, name, run_dir, params):
        super().start(run_id, name, run_dir, params)
        self.file.write_text("")


class KnowsTwoEnds(Ledger):
    """Thinks that runs are done or failed."""

    def finish(self, status):
        {"done": True, "failed": False}[status]


class Tidies(Ledger):
    """Removes what it did not write."""

    def finish(self, status):
        (self.file.parent / "log.txt").unlink(missing_ok=True)


BREACHES = [
    (SkipsSteps, "test_keeps_every_value"),
    (KnowsOneEvent, "test_takes_every_event"),
    (DropsNan, "test_takes_values_that_are_no_numbers"),
    (StartsAnew, "test_goes_on_when_a_run_resumes"),
    (KnowsTwoEnds, "test_ends_with_every_status"),
    (Tidies, "test_leaves_the_record_alone"),
]
"""Something broken, and the test of the kit that finds it."""


@pytest.mark.parametrize(("tracker", "test"), BREACHES)
def test_the_kit_finds_a_breach(tmp_path, tracker, test):
    """A tracker with a fault fails the test about it, which the sound one passes."""

    class Broken(TestLedger):
        def make(self):
            return tracker()

    with pytest.raises((AssertionError, AttributeError, LookupError, OSError)):
        getattr(Broken(), test)(tmp_path)


def test_every_check_can_fail():
    """No test of the kit passes everything: for each there is something broken that it finds."""
    found = {breach[-1] for breach in BREACHES}
    assert found == {name for name in dir(TrackerKit) if name.startswith("test_")}
