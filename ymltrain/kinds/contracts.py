"""The contracts: what an implementation of each kind is and does.

An implementation is a class constructed as `Implementation(params)` with its validated params struct,
unless the contract says otherwise. Heavy imports (torch, lightning, tensorboard) stand inside methods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Literal, Protocol

import msgspec

from ymltrain.plan.events import RunEvent
from ymltrain.plan.search.history import Curve, PastTrial, Rung
from ymltrain.plan.search.space import Space
from ymltrain.plan.shapes import ColumnType, FeatureShape, OutputShape, Task, TensorShape
from ymltrain.plan.topology import Topology

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import polars as pl
    import torch
    import torchmetrics
    from lightning.pytorch.strategies import Strategy as LightningStrategy


class ArrowStream(Protocol):
    """Anything that speaks the Arrow PyCapsule stream interface, as polars, pyarrow, duckdb and pandas do."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


class ArrowSchema(Protocol):
    """Anything that speaks the Arrow PyCapsule schema interface."""

    def __arrow_c_schema__(self) -> object: ...


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The first rows of a table, and how many rows it has in all (counted, or estimated from the sample)."""

    table: Any
    total_rows: int
    is_exact: bool


class Datasource(Protocol):
    """The rows of one table, always in the same order."""

    def schema(self) -> ArrowSchema:
        """Names and Arrow types of all columns, reading no more than a header and a sample."""
        ...

    def sample(self, n: int) -> Sample:
        """The first `n` rows, all columns."""
        ...

    def fingerprint(self) -> str:
        """`sha256:…` of the full content: equal exactly when the rows are."""
        ...

    def batches(self, columns: Mapping[str, ColumnType]) -> Iterator[ArrowStream]:
        """All rows in order, in batches of bounded size, with the named columns.

        The type says how the recipe reads a column; a source whose files carry no types (CSV) gives `number` as
        float64 and every other type as text exactly as written, others give their own types and may ignore it.
        Raises DataError naming column and row where a value cannot be read.
        """
        ...


class ColumnRoles(msgspec.Struct, frozen=True, kw_only=True):
    """The columns that a recipe gives a part to play, as splits see them; empty or None where it names none."""

    keys: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    event_time: str | None = None


class Split(Protocol):
    """Assigns every row to train (0), val (1) or test (2).

    Most splits judge a row by itself. One that has to see the whole table before (by time, in equal shares) has a
    method `survey(tables, seed) -> Split` too, called once with all rows in batches of its columns; what it returns assigns.
    """

    @property
    def fractions(self) -> tuple[float, float, float]:
        """The shares of the rows expected in train, val and test; 0 where a split is meant to be empty."""
        ...

    def columns(self, roles: ColumnRoles, available: Sequence[str]) -> Sequence[str]:
        """The columns `assign` needs, in a fixed order. Raises DataError when the recipe names none that it can go by."""
        ...

    def assign(self, rows: pl.DataFrame, first_row: int, seed: int) -> npt.NDArray[np.uint8]:
        """For a batch of exactly these columns, whose first row has this number in the table (from 0): `[n]` of 0, 1, 2.

        A split that asks for no column is given any; the batch then only says how many rows there are.
        """
        ...


class FittedEncoder(Protocol):
    """An encoder that has learned what it needs: the one implementation used in training and serving.

    One of numbers, booleans or vectors may say it as arithmetic too, by a property `formula: Formula`: then exports hold it,
    and take raw values. What another does is left to the caller of an export.
    """

    @property
    def shape(self) -> FeatureShape: ...

    @property
    def state(self) -> dict[str, Any]:
        """What it learned, as plain JSON; `Encoder.restore` takes it back."""
        ...

    def encode(self, column: pl.Series) -> npt.NDArray[Any]:
        """`[n, width]` float32 for numbers, `[n]` int32 ids for categories, `[n, width]` int32 ids for tokens.

        Never fails on a value of its column type (but a vector of another length).
        """
        ...


class EncoderFit(Protocol):
    """Learns from the train split, block by block in table order."""

    def update(self, column: pl.Series) -> None: ...

    def finish(self) -> FittedEncoder: ...


class Encoder(Protocol):
    """Constructed as `Implementation(params)`.

    A column arrives as Float64 (`number`), String (`category`, `text`), Boolean, Datetime in microseconds in the
    column's own time zone (`timestamp`) or List of Float64 (`vector`), with nulls where a value is missing (NaN and
    infinities of a number have become nulls).
    """

    column_types: ClassVar[tuple[ColumnType, ...]]

    def start(self, name: str, order: Sequence[str] | None) -> EncoderFit:
        """Begin to learn for the feature `name`; `order` is the recipe's own order of the categories."""
        ...

    def restore(self, name: str, state: Mapping[str, Any]) -> FittedEncoder: ...


class Model(Protocol):
    """Constructed as `Implementation(params)`. One that is not for tables says for which tasks it is: `tasks = ("next_token",)`.

    It may propose what trains it well, as class attributes: `defaults`, sections of a recipe in long form (`optimizer`,
    `lr_scheduler`, `trainer`), and `encoders`, the encoder's name by column type. They take the place of
    the framework's defaults: whatever a recipe writes wins, and `explain` says whose default a value is.
    """

    def shapes(self, features: Sequence[FeatureShape], output: OutputShape) -> Sequence[TensorShape]:
        """Names and shapes of all parameters that `build` will make, without importing torch."""
        ...

    def build(self, features: Sequence[FeatureShape], output: OutputShape) -> torch.nn.Module:
        """A network with `forward(inputs: dict[str, Tensor]) -> Tensor [n, output.width]`.

        Several networks in one give `[n, members, output.width]` while they train, where a row's loss is the mean of its
        members' losses, and in evaluation their one prediction.

        `inputs` holds one tensor per kind of encoded feature, its columns in the order of `features`:
        `number` float32 `[n, sum of widths]`, `category` int32 `[n, number of category features]`, `tokens` int32
        `[n, sum of widths]` with 0 where a row has fewer words; a kind with no feature is absent.

        With `next_token` there is one feature, a window of tokens, and the output is `[n, tokens, output.width]`, for windows of
        its width and shorter ones.
        """
        ...


class Optimizer(Protocol):
    """Constructed as `Implementation(params)`; the params struct has a field `lr`."""

    @property
    def tensors_per_weight(self) -> int:
        """How many tensors of a weight's own shape its state keeps (Adam: 2), as the plan counts memory."""
        ...

    def build(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer: ...


class LrScheduler(Protocol):
    """Constructed as `Implementation(params)`. Pure, so that a resumed run needs no state of it."""

    def factor(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        """What the optimizer's lr is multiplied with at optimizer step `step` (from 0)."""
        ...


class Loss(Protocol):
    """Constructed as `Implementation(params)`."""

    tasks: ClassVar[tuple[Task, ...]]

    def build(self) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        """A function `(output [n, width], target) -> loss per row [n]`.

        `target`, by task: regression float32 `[n]` on the encoded scale; classification and ordinal int64 class ids
        `[n]`; binary float32 `[n]` of 0 and 1; multilabel float32 `[n, width]` of 0 and 1. `next_token`: the output is `[n, tokens,
        width]`, the target int32 `[n, tokens]` with `NO_TOKEN` where a window has ended, and a row's loss the mean over its tokens.
        """
        ...


class Metric(Protocol):
    """Constructed as `Implementation(params)`."""

    tasks: ClassVar[tuple[Task, ...]]
    goal: ClassVar[Literal["minimize", "maximize"]]

    def build(self, output: OutputShape) -> torchmetrics.Metric:
        """A torchmetrics metric updated with `(prediction, target)` in the user's own units.

        By task: regression float64 `[n]` each; classification and ordinal probabilities `[n, classes]` and int64 ids
        `[n]`; binary the probability of the positive class `[n]` and int64 `[n]`; multilabel both `[n, labels]`. `next_token`: of
        each token, in no order, the log of the probability that it was given, `[n]`, and how many bytes it stands for, int64 `[n]`.
        """
        ...


class Strategy(Protocol):
    """Constructed as `Implementation(params)`. One that cuts weights over the ranks says so: `shards_weights = True`."""

    def problems(self, topology: Topology) -> Sequence[str]:
        """Why this strategy cannot run on this topology; empty when it can."""
        ...

    def memory_per_rank(self, parameters: int, optimizer_tensors: int, topology: Topology) -> int:
        """Bytes of parameters, gradients and optimizer state on each rank."""
        ...

    def build(self, topology: Topology) -> LightningStrategy | str:
        """What drives Lightning's Trainer; it must leave the module as it is, `distribute` spreads the network."""
        ...

    def distribute(self, network: torch.nn.Module, topology: Topology, device: torch.device) -> torch.nn.Module:
        """The network as training calls it: on the device, with gradients that come out averaged over the ranks.

        The network itself may be changed (sharded), but not the names of its parameters. A process group is there
        when the topology has several ranks.
        """
        ...

    def accumulating(self, distributed: torch.nn.Module) -> AbstractContextManager[None]:
        """Forward and backward passes in the block keep their gradients to this rank: a later pass averages them."""
        ...


class OutgoingModel(msgspec.Struct, frozen=True, kw_only=True):
    """A registered version that is given elsewhere: its bundle's folder, its digest and the aliases it goes by."""

    name: str
    version: int
    digest: str
    bundle: Path
    aliases: tuple[str, ...] = ()
    run_id: str | None = None
    description: str = ""


class TakenModel(msgspec.Struct, frozen=True, kw_only=True):
    """A version as it is there now; `is_new` is False when it had been taken before, and nothing was made."""

    name: str
    version: str
    uri: str
    is_new: bool


class Tracker(Protocol):
    """Constructed as `Implementation(params)`. An observer: an error it raises never stops the run.

    One whose place has a registry of models too may have a method `take_model(model: OutgoingModel) -> TakenModel`, called
    without `start`; a version that is there already is found again by its digest.
    """

    def start(self, run_id: str, name: str, run_dir: Path, params: Mapping[str, Any]) -> None: ...

    def observe(self, event: RunEvent) -> None: ...

    def finish(self, status: str) -> None: ...


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was stored; `is_new` is False when its content lay there already and was left alone."""

    digest: str
    size: int
    is_new: bool


class RegistryBackend(Protocol):
    """Storage only. Versions, aliases and gates are ymltrain's own, the same over every backend.

    Keys are relative POSIX paths made of safe segments (`ymltrain.api.path_problem`); others raise RegistryError.
    A fault of the storage is an OSError, and its outcome may be unknown: ymltrain reads back. `str(backend)` says
    where it is, for a person. Constructed as `Implementation(params)`, which touches no storage yet. Its methods may
    be called from several threads at once.
    """

    @property
    def single_writer(self) -> bool:
        """Whether the user promised that nobody else writes, so that `put_if_absent` need not be atomic."""
        ...

    def put_if_absent(self, key: str, content: bytes) -> bool:
        """Atomically and durably create `key`; False when it exists already. Never partial, never overwritten."""
        ...

    def replace(self, key: str, content: bytes) -> None:
        """Atomically and durably create or overwrite `key`: for hints, which nothing depends on, and for an upgrade."""
        ...

    def read(self, key: str) -> bytes:
        """The content. Raises FileNotFoundError."""
        ...

    def has(self, key: str) -> bool: ...

    def put_blobs(self, paths: Sequence[Path], key_of: Callable[[str], str]) -> Sequence[StoredFile]:
        """Durably store files, each under the key that `key_of` makes of its digest (`sha256:…`); a no-op when that exists.

        The digest is of the bytes that were stored, whatever happens to the file meanwhile. How many are stored at once
        is the storage's to know: it helps where most of the time is spent waiting for answers.
        """
        ...

    def open_blob(self, key: str) -> BinaryIO:
        """Read a stored file as a stream. Raises FileNotFoundError."""
        ...

    def list(self, prefix: str, after: str = "") -> Sequence[str]:
        """All keys below the folder `prefix` ("" for all) that sort after the key `after`, sorted; none without that folder."""
        ...

    def folders(self, prefix: str) -> Sequence[str]:
        """The names of the folders right below the folder `prefix`, sorted."""
        ...

    def turn(self, folder: str) -> AbstractContextManager[None]:
        """Wait, at most for a moment, until no other writer who asked is between reading a folder and adding to it.

        It saves lost races; nothing depends on it. It raises nothing, and does nothing where writers cannot see each other.
        """
        ...

    def modified(self, key: str) -> datetime:
        """When the key was stored, by the storage's clock. Raises FileNotFoundError."""
        ...

    def move(self, key: str, to: str) -> None:
        """Give a key another name, replacing what has it; the content is under one of the two at any moment."""
        ...

    def delete(self, key: str) -> None:
        """Remove a key; a no-op when it is not there."""
        ...

    def sweep(self, before: datetime, *, remove: bool) -> Sequence[str]:
        """What killed writers left unfinished before that time, in words for a person; removed if so asked."""
        ...


class Tuner(Protocol):
    """A pure function of its arguments; trial numbers, seeds, retries and the journal are ymltrain's.

    Constructed as `Implementation(params)`. It may remember what it has computed, never what it was asked.
    """

    def problems(self, space: Space) -> Sequence[str]:
        """The parts of the space that it cannot honour, each as a sentence; empty when it can search all of it."""
        ...

    def suggest(
        self, space: Space, history: Sequence[PastTrial], pending: Sequence[Mapping[str, Any]], seed: int
    ) -> Mapping[str, Any] | None:
        """A point of the space to try next, or None when there is none left.

        `history` are the ended trials by number, `pending` the points being tried and those refused just now (they break a
        constraint, or were tried before). `seed` is the study's, the same at each call.
        """
        ...


class Pruner(Protocol):
    """A pure function of the trials' losses by epoch. Constructed as `Implementation(params)`."""

    def rungs(self, max_trials: int, max_epochs: int) -> Sequence[Rung]:
        """What it is expected to let pass, for the plan: none when that cannot be said before."""
        ...

    def decide(self, trial: int, curves: Mapping[int, Curve], max_epochs: int) -> Literal["continue", "stop", "pause"]:
        """What becomes of a trial that has just reported an epoch and would go on; `curves` go by number, its own included."""
        ...

    def promote(self, curves: Mapping[int, Curve], max_epochs: int) -> int | None:
        """A paused trial that should go on before a new one starts, or None."""
        ...


class Launcher(Protocol):
    """Takes a Plan to where it runs."""

    def render(self, plan_file: Path, run_dir: Path, topology: Topology) -> str:
        """The job as the target system takes it: a script, a manifest."""
        ...

    def submit(self, job: str) -> str:
        """Hand the job over; returns the target's id of it."""
        ...

    def follow(self, job_id: str) -> int:
        """Wait for the job's end; returns its exit code."""
        ...
