from __future__ import annotations

import threading

import pytest

from ymltrain.plan.events import EpochEnded, MetricsLogged
from ymltrain.record.metrics import MetricsWriter
from ymltrain.record.observers import LONGEST_QUEUE, Observers
from ymltrain.record.points import read_metrics

EVENTS = [
    MetricsLogged(step=1, epoch=0, time=1.0, values={"train/loss": 1.0}),
    EpochEnded(epoch=0, step=1, is_best=True),
    MetricsLogged(step=2, epoch=1, time=2.0, values={"train/loss": 0.5}),
]


class Witness:
    """A tracker that keeps what it is told."""

    def __init__(self):
        self.told = []

    def start(self, run_id, name, run_dir, params):
        self.told.append(("start", run_id, name, run_dir, params))

    def observe(self, event):
        self.told.append(event)

    def finish(self, status):
        self.told.append(("finish", status))


class Broken(Witness):
    """A tracker that raises from one of its methods."""

    def __init__(self, method):
        super().__init__()
        self._method = method

    def __getattribute__(self, name):
        if name == super().__getattribute__("_method"):
            raise ConnectionError("no server")
        return super().__getattribute__(name)


def run_through(run, trackers, warn):
    """A whole run of three events."""
    observers = Observers(MetricsWriter(run, 1, 0, warn), trackers, warn)
    observers.start(run.run_id, run.name, run.path, {"seed": 7})
    for event in EVENTS:
        observers.emit(event)
    observers.finish("done")
    observers.finish("failed")


def test_everyone_hears_everything_in_order(run):
    """Each tracker hears the start, every event and one end; the record holds the metrics."""
    one, two = Witness(), Witness()
    run_through(run, {"one": one, "two": two}, pytest.fail)
    expected = [("start", run.run_id, "toy", run.path, {"seed": 7}), *EVENTS, ("finish", "done")]
    assert one.told == two.told == expected
    assert [(point.step, point.value) for point in read_metrics(run)] == [(1, 1.0), (2, 0.5)]


@pytest.mark.parametrize("method", ["start", "observe", "finish"])
def test_a_broken_tracker_is_switched_off(run, method):
    """A tracker that raises is named in one warning and left out from then on; record and others lose nothing."""
    broken, sound, warnings = Broken(method), Witness(), []
    run_through(run, {"broken": broken, "sound": sound}, warnings.append)
    assert warnings == [
        "tracker broken is switched off: ConnectionError: no server; `ymltrain runs export` can give it the whole record later"
    ]
    assert len(sound.told) == 5
    assert len(broken.told) == {"start": 0, "observe": 1, "finish": 4}[method]
    assert len(read_metrics(run)) == 2


class Hanging(Witness):
    """A tracker whose server never answers."""

    def __init__(self, until):
        super().__init__()
        self._until = until

    def observe(self, event):
        self._until.wait()


def test_a_hanging_tracker_holds_up_nobody(run):
    """Training goes on while a tracker waits for its server; at the end it is given its time, named, and left behind."""
    until, sound, warnings = threading.Event(), Witness(), []
    observers = Observers(
        MetricsWriter(run, 1, 0, pytest.fail), {"stuck": Hanging(until), "sound": sound}, warnings.append, patience=0.2
    )
    observers.start(run.run_id, run.name, run.path, {})
    for event in EVENTS:
        observers.emit(event)
    observers.finish("done")
    until.set()
    assert len(sound.told) == 5
    assert len(read_metrics(run)) == 2
    assert [warning.partition(";")[0] for warning in warnings] == ["tracker stuck is switched off: it has not answered for 0.2 s"]


def test_a_tracker_that_falls_behind_is_switched_off(run):
    """A queue that is full costs the tracker and no value of the record."""
    until, warnings = threading.Event(), []
    observers = Observers(MetricsWriter(run, 1, 0, pytest.fail), {"slow": Hanging(until)}, warnings.append, patience=0.2)
    for step in range(LONGEST_QUEUE + 100):
        observers.emit(MetricsLogged(step=step, epoch=0, time=1.0, values={"a": 1.0}))
    until.set()
    observers.finish("done")
    assert len(warnings) == 1
    assert "10,000 events behind" in warnings[0]
    assert len(read_metrics(run)) == LONGEST_QUEUE + 100
