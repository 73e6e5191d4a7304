from __future__ import annotations

import pytest

from ymltrain.plan.events import EpochEnded, MetricsLogged
from ymltrain.record.metrics import MetricsWriter
from ymltrain.record.observers import Observers
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
    assert warnings == ["tracker broken is switched off: ConnectionError: no server"]
    assert len(sound.told) == 5
    assert len(broken.told) == {"start": 0, "observe": 1, "finish": 4}[method]
    assert len(read_metrics(run)) == 2


def test_an_interrupt_is_not_swallowed(run):
    """Ctrl-C within a tracker reaches the run."""

    class Interrupted(Witness):
        def observe(self, event):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_through(run, {"tracker": Interrupted()}, pytest.fail)
