"""Evidence: what a run went through on its way to its weights, as digests that a later run can be held against.

evidence/<attempt>.json is written when training begins, in the order in which one thing follows from another: data,
encoded rows, order of the batches, initial weights, generators. Where two runs part, the first difference says why.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal

import msgspec

from ymltrain.record.directory import RunDirectory
from ymltrain.storage import write_durably

Level = Literal["bitwise", "same-hardware", "statistical"]
LEVELS: tuple[Level, ...] = ("bitwise", "same-hardware", "statistical")


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt began with.

    `level` is what the run declares: `bitwise`, the same tensors and metrics wherever the versions, the CPU's kernels
    and the number of threads are the same; `same-hardware`, the same on the same kind of accelerator; `statistical`,
    metrics within a tolerance. `data_read_as` says what the data digest is of. `order` is of the row numbers of the
    first epochs, `generators` of the states of all random generators, `initial_weights` of the network before training
    (of the checkpoint's, when it was resumed).
    """

    level: Level
    data: str
    data_read_as: str
    rows: dict[str, int]
    encoded: dict[str, str]
    order: str
    order_epochs: int
    initial_weights: str | None
    generators: str
    seeds: dict[str, int]
    topology: dict[str, Any]
    runtime: dict[str, Any]


def write_evidence(run: RunDirectory, attempt: int, evidence: Evidence) -> None:
    """Keep it; a disk that refuses costs the evidence and not the run."""
    with suppress(OSError):
        write_durably(_file(run, attempt), msgspec.json.format(msgspec.json.encode(evidence), indent=2) + b"\n")


def read_evidence(run: RunDirectory, attempt: int = 1) -> Evidence | None:
    """What an attempt began with; None when it did not come that far or was made before there was evidence."""
    try:
        return msgspec.json.decode(_file(run, attempt).read_bytes(), type=Evidence)
    except (OSError, msgspec.DecodeError):
        return None


def _file(run: RunDirectory, attempt: int) -> Any:
    return run.path / "evidence" / f"{attempt}.json"
