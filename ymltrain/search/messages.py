"""What a search and its workers tell each other: one JSON message a line."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from ymltrain.search.events import FailureClass

Verdict = Literal["continue", "stop", "pause"]


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="message"):
    """A line on the pipe between them."""


class Setup(Message, frozen=True, kw_only=True, tag="setup"):
    """The first message to a worker: where it works, with what plugins and how many threads."""

    workspace: str
    plugins: tuple[str, ...]
    threads: int


class Train(Message, frozen=True, kw_only=True, tag="train"):
    """A trial to train: its plan, as its canonical text. `asks` says whether to wait for a verdict after each epoch."""

    trial: int
    plan: str
    folder: str
    metric: str
    asks: bool


class Judged(Message, frozen=True, kw_only=True, tag="judged"):
    """What becomes of the trial that has just reported."""

    verdict: Verdict


class Ready(Message, frozen=True, kw_only=True, tag="ready"):
    """The worker has imported all that it needs; `seconds` is how long that took."""

    seconds: float


class EpochDone(Message, frozen=True, kw_only=True, tag="epoch"):
    """The metric after an epoch, and whether the trial would go on."""

    trial: int
    epoch: int
    value: float
    goes_on: bool


class TrialDone(Message, frozen=True, kw_only=True, tag="done"):
    """A trial has come to its end, was stopped, or was paused."""

    trial: int
    state: Literal["complete", "stopped", "paused"]
    value: float | None
    metrics: dict[str, float]
    epochs: int
    seconds: float


class TrialFailed(Message, frozen=True, kw_only=True, tag="failed"):
    """A trial could not be trained."""

    trial: int
    failure: FailureClass
    reason: str
    seconds: float


class Lost(Message, frozen=True, kw_only=True, tag="lost"):
    """The worker is gone; not sent by it but found by the end of its pipe."""

    reason: str


ToWorker: TypeAlias = Setup | Train | Judged
FromWorker: TypeAlias = Ready | EpochDone | TrialDone | TrialFailed | Lost
