"""Run events: what happens in a run, as trackers and the terminal see it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import msgspec


class MetricsLogged(msgspec.Struct, frozen=True, kw_only=True, tag="metrics"):
    """Values at one optimizer step, by full name (`train/loss`, `val/rmse`, `lr`)."""

    step: int
    epoch: int
    time: float
    values: dict[str, float]


class EpochEnded(msgspec.Struct, frozen=True, kw_only=True, tag="epoch"):
    """An epoch is over and validated; its metrics were logged just before."""

    epoch: int
    step: int
    is_best: bool


class CheckpointSaved(msgspec.Struct, frozen=True, kw_only=True, tag="checkpoint"):
    """A complete checkpoint lies on disk."""

    path: Path
    epoch: int
    step: int


class ArtifactWritten(msgspec.Struct, frozen=True, kw_only=True, tag="artifact"):
    """A file or folder that belongs to the run lies on disk."""

    path: Path
    role: str


class StageChanged(msgspec.Struct, frozen=True, kw_only=True, tag="stage"):
    """The run entered a stage; `note` is for a person."""

    stage: str
    note: str = ""


RunEvent: TypeAlias = MetricsLogged | EpochEnded | CheckpointSaved | ArtifactWritten | StageChanged
