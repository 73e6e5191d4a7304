"""The framework's own sections of a recipe, as the Plan holds them; their JSON Schemas derive from here."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

PositiveInt = Annotated[int, Meta(ge=1)]

Precision = Literal["32-true", "64-true", "bf16-true", "16-true", "bf16-mixed", "16-mixed"]


DURATION = r"^[0-9]+(\.[0-9]+)?(s|m|h|d)$"
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds_of(duration: str) -> float:
    """A duration as a recipe writes it, in seconds."""
    return float(duration[:-1]) * SECONDS[duration[-1]]


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
    in_background: Annotated[
        bool, Meta(description="Write those that training goes on from while it goes on; it takes memory for a copy of the state.")
    ] = False


class Trainer(Section, frozen=True, kw_only=True):
    """The training loop."""

    max_epochs: Annotated[int, Meta(ge=1, description="Passes over the train split.")] = 20
    max_steps: Annotated[int, Meta(ge=1, description="Stop after n optimizer steps, if that comes first.")] | None = None
    batch_size: Annotated[
        int, Meta(ge=1, description="Rows per optimizer batch, GLOBAL: the same whatever the number of devices.")
    ] = 256
    lr_scaling: Annotated[
        Literal["none", "linear", "sqrt"],
        Meta(description="How optimizer.lr grows with the rows of a step, from what it is at `lr_batch_size` rows."),
    ] = "none"
    lr_batch_size: Annotated[int, Meta(ge=1, description="The rows of a step that optimizer.lr is written for.")] = 256
    shuffle_window: (
        Annotated[
            int,
            Meta(
                ge=64,
                description="Rows that are shuffled among each other at a time, so that a table larger than memory is read in "
                "pieces; null shuffles all rows.",
            ),
        ]
        | None
    ) = None
    accumulate_grad_batches: Annotated[int, Meta(ge=1, description="Batches whose gradients make one optimizer step.")] = 1
    gradient_clip_val: Annotated[float, Meta(gt=0, description="Clip the gradients' total norm to this value.")] | None = None
    precision: Annotated[Precision, Meta(description="Lightning's names; 32-true is full float32.")] = "32-true"
    log_every_n_steps: Annotated[int, Meta(ge=1, description="Record train/loss and lr every n optimizer steps.")] = 50
    log_grad_norm: Annotated[bool, Meta(description="Record train/grad_norm beside them: of all gradients, before clipping.")] = (
        False
    )
    log_speed: Annotated[
        bool, Meta(description="Record rows a second, seconds a step and where they go, and memory, every log_every_n_steps.")
    ] = False
    log_histograms_every_n_steps: (
        Annotated[int, Meta(ge=1, description="Record histograms of all weights and gradients every n optimizer steps.")] | None
    ) = None
    log_graph: Annotated[bool, Meta(description="Record the network's graph when training begins.")] = False
    trace: Annotated[bool, Meta(description="Write a trace of five steps of each rank to trace/ of the run, for Perfetto.")] = False
    early_stopping: EarlyStopping | None = None
    checkpoint: Checkpoint = Checkpoint()
    weights: Annotated[
        Literal["best", "last"],
        Meta(description="Which weights are evaluated and bundled: of the best epoch by the watched metric, or the last."),
    ] = "best"

    @property
    def lr_factor(self) -> float:
        """What `lr_scaling` multiplies optimizer.lr with."""
        power = {"none": 0.0, "linear": 1.0, "sqrt": 0.5}[self.lr_scaling]
        return float((self.batch_size * self.accumulate_grad_batches / self.lr_batch_size) ** power)


class Compute(Section, frozen=True, kw_only=True):
    """The resources a run takes; topology is derived from them."""

    accelerator: Annotated[Literal["auto", "cpu", "cuda", "mps"], Meta(description="auto takes CUDA, else MPS, else the CPU.")] = (
        "auto"
    )
    devices: Annotated[PositiveInt | Literal["auto"], Meta(description="Devices per node.")] = "auto"
    nodes: Annotated[int, Meta(ge=1, description="Machines.")] = 1
    max_restarts: Annotated[
        int, Meta(ge=0, description="How often workers are started anew after one failed, over all attempts at a run.")
    ] = 0
    max_preemptions: Annotated[int, Meta(ge=0, description="How often a run may be preempted; none is no limit.")] | None = None
    hang_timeout: Annotated[
        str, Meta(pattern=DURATION, description="A worker that gives no sign of life for so long is ended and named: 10m.")
    ] = "10m"
    time_limit: (
        Annotated[str, Meta(pattern=DURATION, description="Stop cleanly and resumably after this time: 90m, 2h.")] | None
    ) = None
    device_memory: (
        Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?(MiB|GiB)$", description="Memory of one device: 80GiB.")] | None
    ) = None

    @property
    def hang_seconds(self) -> float:
        """`hang_timeout` in seconds."""
        return seconds_of(self.hang_timeout)

    @property
    def limit_seconds(self) -> float | None:
        """`time_limit` in seconds."""
        return seconds_of(self.time_limit) if self.time_limit is not None else None

    @property
    def device_bytes(self) -> int | None:
        """`device_memory` in bytes."""
        if self.device_memory is None:
            return None
        unit = {"MiB": 1 << 20, "GiB": 1 << 30}[self.device_memory[-3:]]
        return int(float(self.device_memory[:-3]) * unit)


class BundleSection(Section, frozen=True, kw_only=True):
    """What a bundle holds beside contract, weights, profile and golden rows."""

    exports: Annotated[
        tuple[Literal["torch", "onnx"], ...],
        Meta(description="Programs for others that are made and held against the golden rows before anything is registered."),
    ] = ()


class Evaluation(Section, frozen=True, kw_only=True):
    """How a model is measured beside its metrics: by slices of the rows, with intervals."""

    slices: Annotated[
        tuple[str | dict[str, tuple[float, ...]], ...],
        Meta(description="Columns whose values cut the rows, features or not; {carat: [0, 1, 2, 5]} cuts numbers at edges."),
    ] = ()
    confidence: Annotated[float, Meta(gt=0, lt=1, description="The level of the intervals of metrics.")] = 0.95
    resamples: Annotated[
        int, Meta(ge=0, le=100_000, description="Draws of the bootstrap that intervals come from; 0 for none.")
    ] = 1000

    @property
    def cuts(self) -> tuple[tuple[str, tuple[float, ...] | None], ...]:
        """Each column that cuts the rows, and the edges it is cut at; None where each value is a slice."""
        written = [{entry: None} if isinstance(entry, str) else entry for entry in self.slices]
        return tuple((column, edges) for entry in written for column, edges in entry.items())


class SkewRule(Section, frozen=True, kw_only=True):
    """What holds for one feature instead of the general settings."""

    min_effect: Annotated[float, Meta(ge=0, le=1, description="The least distance that matters.")] | None = None
    atol: Annotated[float, Meta(ge=0, description="How far a served encoded value may be off.")] | None = None
    rtol: Annotated[float, Meta(ge=0, description="How far, as a share of the value.")] | None = None
    ignore: Annotated[bool, Meta(description="Find nothing in this feature.")] = False


class Skew(Section, frozen=True, kw_only=True):
    """What a bundle keeps for finding training-serving skew."""

    profile: Annotated[bool, Meta(description="Keep a statistical profile of the training data in the bundle.")] = True
    golden_rows: Annotated[
        int, Meta(ge=0, le=100_000, description="Raw rows kept in the bundle with their expected predictions; 0 keeps none.")
    ] = 512
    budget: Annotated[float, Meta(gt=0, le=1000, description="False alarms that may be among 1,000 checks of clean logs.")] = 5.0
    min_effect: Annotated[float, Meta(ge=0, le=1, description="The least distance of a distribution that matters.")] = 0.03
    atol: Annotated[float, Meta(ge=0, description="How far a served encoded value may be off.")] = 1e-5
    rtol: Annotated[float, Meta(ge=0, description="How far, as a share of the value.")] = 1.3e-6
    replay_rows: Annotated[int, Meta(ge=0, description="Records of a log that are replayed.")] = 3_000
    features: dict[str, SkewRule] = {}


class Gate(Section, frozen=True, kw_only=True):
    """A condition a new version must meet before an alias moves to it: of a metric, or of something else (`check`).

    What compares with another version passes while there is none to compare with.
    """

    metric: Annotated[str, Meta(min_length=1, description="Full name of a metric of the run: test/rmse.")] | None = None
    check: (
        Annotated[
            Literal["size", "latency", "golden", "contract", "slices", "skew"],
            Meta(
                description="Look at something else than a metric. size: bytes of all files. latency: milliseconds to predict one "
                "row. golden: the golden rows replay. contract: serves whoever calls the holder of `better_than`. slices: rows of "
                "every slice of the evaluation. skew: a clean check of the serving log of the version that holds the alias now."
            ),
        ]
        | None
    ) = None
    better_than: Annotated[str, Meta(min_length=1, description="An alias: the new version must beat its metric.")] | None = None
    tolerance: Annotated[
        float, Meta(ge=0, description="With better_than: how much worse than the holder it may be, in the metric's own unit.")
    ] = 0.0
    at_least: Annotated[float, Meta(description="The value must reach this.")] | None = None
    at_most: Annotated[float, Meta(description="The value may not exceed this.")] | None = None
    log: (
        Annotated[str, Meta(min_length=1, description="Of skew: the log, or the folder of it; relative to the workspace.")] | None
    ) = None
    allow: Annotated[Literal["drift"], Meta(description="Of skew: drift lets it pass too, so that only faults stop it.")] | None = (
        None
    )

    @property
    def subject(self) -> str:
        """What the gate looks at, by name."""
        return self.metric or self.check or ""


class Promote(Section, frozen=True, kw_only=True):
    """Move an alias to the new version when every gate passes."""

    alias: Annotated[str, Meta(min_length=1, description="The alias to move: champion.")]
    gates: tuple[Gate, ...] = ()
