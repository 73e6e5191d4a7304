"""The end of a run: final.json, put once, when the run is done or has failed in a way no resume can mend.

A run that was preempted, interrupted, killed, or stopped by a fault outside it (a full disk) has no final.json:
it can be resumed. Values that are not finite stand as null.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ymltrain.diagnostics import UsageError
from ymltrain.record.aggregates import Aggregate
from ymltrain.record.attempt import Fault
from ymltrain.record.directory import RunDirectory
from ymltrain.record.faults import folder_fault
from ymltrain.storage import create_exclusively, read_small


class RegisteredModel(msgspec.Struct, frozen=True, kw_only=True):
    """The model version a run registered."""

    name: str
    version: int
    digest: str


class Final(msgspec.Struct, frozen=True, kw_only=True):
    """What came out of a run.

    `baselines` are what each of them scores in the metrics of the test split; `timings` are seconds by stage; `reused` names,
    for a stage, the earlier run that had done the same; `fault` is there when it failed. `aggregates` are those of the record,
    so that lists need not read it; None in runs of before they were kept.
    """

    status: Literal["done", "failed"]
    ended: str
    metrics: dict[str, float | None] = {}
    baselines: dict[str, dict[str, float | None]] = {}
    steps: int | None = None
    epochs: int | None = None
    best_epoch: int | None = None
    tensor_digest: str | None = None
    metrics_digest: str | None = None
    level: str | None = None
    model: RegisteredModel | None = None
    reused: dict[str, str] = {}
    timings: dict[str, float] = {}
    aggregates: dict[str, Aggregate] | None = None
    fault: Fault | None = None


_FINALS = msgspec.json.Decoder(Final)


def write_final(run: RunDirectory, final: Final) -> None:
    """End the run for good. Raises UsageError when it has ended before, or as `folder_fault` says."""
    content = msgspec.json.format(msgspec.json.encode(final), indent=2) + b"\n"
    try:
        is_first = create_exclusively(run.final_file, content)
    except OSError as error:
        raise folder_fault(run.path, error) from error
    if not is_first:
        raise UsageError("YT937", f"run {run.run_id} has ended already", "start a new run: `ymltrain fit RECIPE`")


def read_final(run: RunDirectory) -> Final | None:
    """How the run ended, or None when it has not, or not for good."""
    try:
        content = read_small(f"{run.path}/final.json")
    except FileNotFoundError:
        return None
    try:
        return _FINALS.decode(content)
    except msgspec.DecodeError as error:
        raise UsageError("YT935", f"{run.final_file} is damaged: {error}", "copy the run's directory again") from None
