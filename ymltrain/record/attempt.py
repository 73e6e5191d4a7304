"""Attempts: each execution of a run's plan, from a start or a resume to its end.

An attempt's file is written when it starts and once more when it ends. One that has no end and whose process is
gone was killed. A later attempt says at which step it resumed: what earlier attempts logged beyond that step is
superseded.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

import msgspec

from ymltrain.diagnostics import YmltrainError
from ymltrain.record.directory import RunDirectory
from ymltrain.record.faults import folder_fault
from ymltrain.record.process import ProcessIdentity
from ymltrain.storage import read_small, write_durably

Outcome = Literal["done", "failed", "preempted", "interrupted"]
ATTEMPT_FILE = re.compile(r"([1-9][0-9]*)\.json")


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """The error that ended an attempt, as its message to the person read."""

    code: str
    message: str
    hint: str

    @classmethod
    def of(cls, error: YmltrainError) -> Fault:
        """What a record keeps of an error."""
        return cls(code=error.code, message=error.message, hint=error.hint)


class ResumePoint(msgspec.Struct, frozen=True, kw_only=True):
    """The checkpoint an attempt started from: its name below checkpoints/, and where in training it was made."""

    checkpoint: str
    epoch: int
    step: int


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One execution. `ended`, `outcome` and `fault` are None as long as it goes on, or when it was killed."""

    number: int
    started: str
    process: ProcessIdentity
    resumed_from: ResumePoint | None
    ended: str | None = None
    outcome: Outcome | None = None
    fault: Fault | None = None


_ATTEMPTS = msgspec.json.Decoder(Attempt)


def begin_attempt(run: RunDirectory, resumed_from: ResumePoint | None) -> Attempt:
    """Record that this process now executes the run, from a checkpoint or from the beginning.

    To be called by the holder of the run's lock. Raises UsageError or RunError when it cannot be written.
    """
    attempt = Attempt(
        number=max(_attempt_files(run), default=0) + 1,
        started=_now(),
        process=ProcessIdentity.current(),
        resumed_from=resumed_from,
    )
    try:
        _write(run, attempt)
    except OSError as error:
        raise folder_fault(run.attempts, error) from error
    return attempt


def end_attempt(run: RunDirectory, attempt: Attempt, outcome: Outcome, error: YmltrainError | None = None) -> Attempt:
    """Record how the attempt ended. A disk that refuses leaves it without an end, as a kill does, and hides no error."""
    fault = None if error is None else Fault.of(error)
    ended = msgspec.structs.replace(attempt, ended=_now(), outcome=outcome, fault=fault)
    with suppress(OSError):
        _write(run, ended)
    return ended


def read_attempts(run: RunDirectory) -> list[Attempt]:
    """All attempts, in order. One whose file cannot be read (a copy that was cut short) is left out."""
    attempts = []
    for _, file in sorted(_attempt_files(run).items()):
        with suppress(msgspec.DecodeError):
            attempts.append(_ATTEMPTS.decode(read_small(file)))
    return attempts


def _attempt_files(run: RunDirectory) -> dict[int, str]:
    """The attempts' files by number."""
    folder = f"{run.path}/attempts"
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names alone, of ten thousand runs
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return {int(match[1]): f"{folder}/{match[0]}" for match in map(ATTEMPT_FILE.fullmatch, names) if match}


def _write(run: RunDirectory, attempt: Attempt) -> None:
    content = msgspec.json.format(msgspec.json.encode(attempt), indent=2) + b"\n"
    write_durably(run.attempts / f"{attempt.number}.json", content)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
