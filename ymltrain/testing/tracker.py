"""What every tracker must do.

A tracker's own tests subclass the kit in a module of theirs

    class TestMyTracker(TrackerKit):
        def make(self):
            return MyTracker(MyParams())

        def read(self, run_dir):
            return {name: [(step, value), …] of what MyTracker keeps}

and pytest runs what they inherit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from ymltrain.api import (
    ArtifactWritten,
    CheckpointSaved,
    EpochEnded,
    GraphDrawn,
    GraphNode,
    Histogram,
    HistogramsLogged,
    MetricsLogged,
    RunEvent,
    StageChanged,
    Tracker,
)

RUN_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
PARAMS = {
    "name": "a run",
    "seed": 7,
    "optimizer.lr": 1e-3,
    "model.hidden": [128, 64],
    "loss": None,
    "skew.profile": False,
    'features."a.b".type': "number",
    "tracker": [{"type": "tensorboard"}],
    "empty": {},
    "large": 2**60,
    "text": "accents é, ümlaut, 漢",
}


class TrackerKit:
    """The tests, as pytest collects them. Each gets a fresh folder, that of a run with nothing in it yet."""

    def make(self) -> Tracker:
        """A tracker as a run makes it; what it needs (a server of its own) lives as long as the test."""
        raise NotImplementedError

    def read(self, run_dir: Path) -> Mapping[str, Sequence[tuple[int, float]]]:
        """What was tracked for the run of this folder: for each metric its steps and values, in order of the steps."""
        raise NotImplementedError

    def test_keeps_every_value(self, tmp_path: Path) -> None:
        """What was logged can be read back after the end: names, steps, and values to the precision of float32."""
        events = [_metrics(step, {"train/loss": 1 / step, "lr": 1e-3}) for step in range(1, 51)]
        self._track(tmp_path, [*events, _metrics(50, {"val/rmse": 0.5})])
        kept = self.read(tmp_path)
        assert set(kept) >= {"train/loss", "lr", "val/rmse"}
        assert [step for step, _ in kept["train/loss"]] == list(range(1, 51))
        assert all(math.isclose(value, 1 / step, rel_tol=1e-6) for step, value in kept["train/loss"])
        assert [step for step, _ in kept["val/rmse"]] == [50]

    def test_takes_every_event(self, tmp_path: Path) -> None:
        """Events it has no use for are passed over, and those after them are kept."""
        spread = Histogram(edges=(-1.0, 0.0, 1.0), counts=(1, 3), sum=1.0, sum_squares=2.0)
        nodes = (GraphNode(name="inputs/number", operation="Input", shape=(2, 1)),)
        others: list[RunEvent] = [
            GraphDrawn(step=0, time=1_700_000_000.0, nodes=nodes),
            HistogramsLogged(step=1, epoch=0, time=1_700_000_001.0, values={"weights/a": spread}),
            StageChanged(stage="train", note="2 epochs"),
            EpochEnded(epoch=0, step=1, is_best=True),
            CheckpointSaved(path=tmp_path / "checkpoints" / "1", epoch=0, step=1),
            ArtifactWritten(path=tmp_path / "bundle", role="bundle"),
        ]
        self._track(tmp_path, [_metrics(1, {"a": 1.0}), *others, _metrics(2, {"a": 2.0})])
        assert list(self.read(tmp_path)["a"]) == [(1, 1.0), (2, 2.0)]

    def test_takes_values_that_are_no_numbers(self, tmp_path: Path) -> None:
        """A NaN or an infinity does not make it fail, nor cost the values beside it."""
        self._track(tmp_path, [_metrics(1, {"a": math.nan, "b": 1.0, "c": math.inf, "d": -math.inf}), _metrics(2, {"b": 2.0})])
        assert list(self.read(tmp_path)["b"]) == [(1, 1.0), (2, 2.0)]

    def test_goes_on_when_a_run_resumes(self, tmp_path: Path) -> None:
        """A second tracker for the same run adds to what the first, which never finished, had kept."""
        killed = self.make()
        killed.start(RUN_ID, "a run", tmp_path, PARAMS)
        killed.observe(_metrics(1, {"a": 1.0}))
        self._track(tmp_path, [_metrics(2, {"a": 2.0})])
        assert list(self.read(tmp_path)["a"]) == [(1, 1.0), (2, 2.0)]
        killed.finish("interrupted")

    def test_ends_with_every_status(self, tmp_path: Path) -> None:
        """However a run ends, and when it ends before anything was logged, `finish` takes it."""
        for status in ("done", "failed", "preempted", "interrupted"):
            run_dir = tmp_path / status
            run_dir.mkdir()
            tracker = self.make()
            tracker.start(RUN_ID, "a run", run_dir, PARAMS)
            tracker.finish(status)

    def test_leaves_the_record_alone(self, tmp_path: Path) -> None:
        """Files of the run that are not the tracker's stay as they were."""
        (tmp_path / "metrics").mkdir()
        theirs = [tmp_path / name for name in ("plan.json", "final.json", "log.txt", "metrics/1-0.jsonl")]
        for file in theirs:
            file.write_text(file.name)
        self._track(tmp_path, [_metrics(1, {"a": 1.0})])
        assert [file.read_text() for file in theirs] == [file.name for file in theirs]

    def _track(self, run_dir: Path, events: Sequence[RunEvent]) -> None:
        tracker = self.make()
        tracker.start(RUN_ID, "a run", run_dir, PARAMS)
        for event in events:
            tracker.observe(event)
        tracker.finish("done")


def _metrics(step: int, values: dict[str, float]) -> MetricsLogged:
    return MetricsLogged(step=step, epoch=0, time=1_700_000_000.0 + step, values=values)
