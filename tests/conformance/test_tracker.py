"""The built-in trackers pass the kit."""

from __future__ import annotations

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ymltrain.api import NoParams
from ymltrain.builtin.tracker.tensorboard import TensorBoardTracker
from ymltrain.testing.tracker import TrackerKit


class TestTensorBoard(TrackerKit):
    """`tensorboard`, read back with TensorBoard's own reader."""

    def make(self) -> TensorBoardTracker:
        return TensorBoardTracker(NoParams())

    def read(self, run_dir: Path) -> dict[str, list[tuple[int, float]]]:
        reader = EventAccumulator(str(run_dir / "tb"), size_guidance={"scalars": 0}).Reload()
        return {tag: [(event.step, event.value) for event in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]}
