"""The framework's own sections of a recipe, as the Plan holds them; their JSON Schemas derive from here."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

PositiveInt = Annotated[int, Meta(ge=1)]

Precision = Literal["32-true", "64-true", "bf16-true", "16-true", "bf16-mixed", "16-mixed"]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section owned by the framework."""


class EarlyStopping(Section, frozen=True, kw_only=True):
    """Stop when the watched metric has not improved for a while."""

    metric: Annotated[str, Meta(min_length=1, description="Full name of the watched metric: val/rmse.")]
    patience: Annotated[int, Meta(ge=1, description="Epochs without an improvement before training stops.")] = 5
    min_delta: Annotated[float, Meta(ge=0, description="The least change that counts as an improvement.")] = 0.0


class Checkpoint(Section, frozen=True, kw_only=True):
    """When the state of a run is saved, so that it can be resumed."""

    every_n_epochs: Annotated[int, Meta(ge=1, description="Save after every n epochs.")] = 1
    every_n_steps: Annotated[int, Meta(ge=1, description="Save every n optimizer steps too, within epochs.")] | None = None
    keep: Annotated[int, Meta(ge=1, description="How many complete checkpoints stay on disk.")] = 2


class Trainer(Section, frozen=True, kw_only=True):
    """The training loop."""

    max_epochs: Annotated[int, Meta(ge=1, description="Passes over the train split.")] = 20
    max_steps: Annotated[int, Meta(ge=1, description="Stop after n optimizer steps, if that comes first.")] | None = None
    batch_size: Annotated[
        int, Meta(ge=1, description="Rows per optimizer batch, GLOBAL: the same whatever the number of devices.")
    ] = 256
    accumulate_grad_batches: Annotated[int, Meta(ge=1, description="Batches whose gradients make one optimizer step.")] = 1
    gradient_clip_val: Annotated[float, Meta(gt=0, description="Clip the gradients' total norm to this value.")] | None = None
    precision: Annotated[Precision, Meta(description="Lightning's names; 32-true is full float32.")] = "32-true"
    log_every_n_steps: Annotated[int, Meta(ge=1, description="Record train/loss and lr every n optimizer steps.")] = 50
    early_stopping: EarlyStopping | None = None
    checkpoint: Checkpoint = Checkpoint()
    weights: Annotated[
        Literal["best", "last"],
        Meta(description="Which weights are evaluated and bundled: of the best epoch by the watched metric, or the last."),
    ] = "best"


class Compute(Section, frozen=True, kw_only=True):
    """The resources a run takes; topology is derived from them."""

    accelerator: Annotated[Literal["auto", "cpu", "cuda", "mps"], Meta(description="auto takes CUDA, else MPS, else the CPU.")] = (
        "auto"
    )
    devices: Annotated[PositiveInt | Literal["auto"], Meta(description="Devices per node.")] = "auto"
    nodes: Annotated[int, Meta(ge=1, description="Machines.")] = 1
    max_restarts: Annotated[int, Meta(ge=0, description="Restarts after a failure of a worker.")] = 0
    time_limit: (
        Annotated[
            str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?(s|m|h|d)$", description="Stop cleanly and resumably after this time: 90m, 2h.")
        ]
        | None
    ) = None
    device_memory: (
        Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?(MiB|GiB)$", description="Memory of one device: 80GiB.")] | None
    ) = None


class Skew(Section, frozen=True, kw_only=True):
    """What a bundle keeps for finding training-serving skew."""

    profile: Annotated[bool, Meta(description="Keep a statistical profile of the training data in the bundle.")] = False
    golden_rows: Annotated[
        int, Meta(ge=0, le=100_000, description="Raw rows kept in the bundle with their expected predictions; 0 keeps none.")
    ] = 512


class Gate(Section, frozen=True, kw_only=True):
    """A condition a new version must meet before an alias moves to it. Passes while there is nothing to compare with."""

    metric: Annotated[str, Meta(min_length=1, description="Full name of a metric of the run: test/rmse.")]
    better_than: Annotated[str, Meta(min_length=1, description="An alias: the new version must beat its metric.")] | None = None
    at_least: Annotated[float, Meta(description="The metric must reach this value.")] | None = None
    at_most: Annotated[float, Meta(description="The metric may not exceed this value.")] | None = None


class Promote(Section, frozen=True, kw_only=True):
    """Move an alias to the new version when every gate passes."""

    alias: Annotated[str, Meta(min_length=1, description="The alias to move: champion.")]
    gates: tuple[Gate, ...] = ()
