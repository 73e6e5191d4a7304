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


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """How the finite values of a tensor are spread: `counts[i]` of them lie between `edges[i]` and `edges[i + 1]`."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    sum: float
    sum_squares: float


class HistogramsLogged(msgspec.Struct, frozen=True, kw_only=True, tag="histograms"):
    """Weights and gradients after one optimizer step, by full name (`weights/layers.0.weight`, `gradients/…`)."""

    step: int
    epoch: int
    time: float
    values: dict[str, Histogram]


class GraphNode(msgspec.Struct, frozen=True, kw_only=True):
    """An input, a weight or an operation of a network; `name` is a path of modules, `inputs` are names of other nodes."""

    name: str
    operation: str
    inputs: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()


class GraphDrawn(msgspec.Struct, frozen=True, kw_only=True, tag="graph"):
    """The way of two rows through the network; `step` is that of its weights."""

    step: int
    time: float
    nodes: tuple[GraphNode, ...]


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


Drawing: TypeAlias = HistogramsLogged | GraphDrawn
RunEvent: TypeAlias = MetricsLogged | Drawing | EpochEnded | CheckpointSaved | ArtifactWritten | StageChanged
