from __future__ import annotations

import pytest

from ymltrain.plan.events import GraphDrawn, GraphNode, Histogram, HistogramsLogged, MetricsLogged
from ymltrain.record.attempt import ResumePoint, begin_attempt
from ymltrain.record.drawings import DrawingsWriter, read_drawings
from ymltrain.record.metrics import MetricsWriter
from ymltrain.record.observers import Observers
from ymltrain.record.replay import replay

SPREAD = Histogram(edges=(-1.0, 0.0, 1.0), counts=(1, 3), sum=1.0, sum_squares=2.0)
GRAPH = GraphDrawn(step=0, time=1.0, nodes=(GraphNode(name="a", operation="Input", shape=(2,)),))


def histograms(step):
    """Histograms of one step."""
    return HistogramsLogged(step=step, epoch=1, time=float(step), values={"weights/a": SPREAD})


def draw(run, attempt, drawings, warn=pytest.fail):
    """What an attempt draws."""
    writer = DrawingsWriter(run, attempt, warn)
    for drawing in drawings:
        writer.append(drawing)
    writer.close()


def test_drawings_are_read_back(run):
    """What was drawn comes back as the events that they were."""
    begin_attempt(run, None)
    drawings = [GRAPH, histograms(1), histograms(2)]
    draw(run, 1, drawings)
    assert read_drawings(run) == drawings


def test_nothing_drawn_leaves_no_file(run):
    """A run that draws nothing has no folder for it."""
    begin_attempt(run, None)
    draw(run, 1, [])
    assert not run.drawings.exists()
    assert read_drawings(run) == []


def test_a_resumed_attempt_supersedes_what_lies_beyond_its_checkpoint(run):
    """Drawings beyond the step of the checkpoint give way; a torn last line is passed over."""
    begin_attempt(run, None)
    draw(run, 1, [GRAPH, *map(histograms, (10, 20, 30))])
    with (run.drawings / "1.jsonl").open("ab") as file:
        file.write(b'{"type":"histograms","st')
    begin_attempt(run, ResumePoint(checkpoint="c", epoch=0, step=20))
    draw(run, 2, [histograms(30)])
    assert [drawing.step for drawing in read_drawings(run)] == [0, 10, 20, 30]


def test_a_full_disk_warns_once(run):
    """Drawings that cannot be written cost one warning."""
    run.drawings.mkdir()
    (run.drawings / "1.jsonl").symlink_to("/dev/full")
    warnings = []
    draw(run, 1, [GRAPH, histograms(1)], warnings.append)
    assert len(warnings) == 1
    assert "drawings are being lost" in warnings[0]


class Witness:
    """A tracker that keeps what it hears."""

    def __init__(self):
        self.heard = []

    def start(self, *_):
        """Begin."""

    def observe(self, event):
        """Keep an event."""
        self.heard.append(event)

    def finish(self, *_):
        """End."""


def test_a_replay_tells_drawings_among_the_metrics(run):
    """A tracker that is given the record afterwards hears the drawings of a run, each before the metrics of a later step."""
    begin_attempt(run, None)
    first, later = Witness(), Witness()
    observers = Observers(
        MetricsWriter(run, 1, 0, pytest.fail), {"first": first}, pytest.fail, drawings=DrawingsWriter(run, 1, pytest.fail)
    )
    events = [GRAPH]
    for step in (1, 2):
        events += [histograms(step), MetricsLogged(step=step, epoch=1, time=float(step), values={"train/loss": 1.0})]
    for event in events:
        observers.emit(event)
    observers.finish("done")
    assert replay(run, "later", later) == 2
    assert first.heard == later.heard == events
