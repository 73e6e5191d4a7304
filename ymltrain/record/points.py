"""The metrics of a run as one history, read from the records of all its attempts.

An attempt that resumed at step R supersedes what earlier ones logged beyond R; one that started afresh supersedes
them whole. Of two values of one name and step, the later attempt's stands. Lines that are not whole are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ymltrain.record.attempt import Attempt, read_attempts
from ymltrain.record.directory import RunDirectory
from ymltrain.record.metrics import MetricLine

BEFORE_ALL_STEPS = -1


class MetricPoint(msgspec.Struct, frozen=True):
    """One value of one metric at one optimizer step, and the attempt that logged it. `value` may be NaN or infinite."""

    name: str
    value: float
    step: int
    epoch: int
    time: float
    attempt: int


def read_metrics(run: RunDirectory, rank: int = 0) -> list[MetricPoint]:
    """The values that stand, in the order they were logged."""
    attempts = {attempt.number: attempt for attempt in read_attempts(run)}
    records = {int(file.stem.partition("-")[0]): file for file in run.metrics.glob(f"[1-9]*-{rank}.jsonl")}
    points: dict[tuple[str, int], MetricPoint] = {}
    for number in sorted(attempts.keys() | records.keys()):
        if points and number in attempts:
            points = _up_to(points, attempts[number])
        if number in records:
            for point in _read_record(records[number], number):
                points.pop((point.name, point.step), None)
                points[point.name, point.step] = point
    return list(points.values())


def last_values(run: RunDirectory) -> dict[str, float]:
    """Of each metric the value that was logged last."""
    return {point.name: point.value for point in read_metrics(run)}


def _up_to(points: dict[tuple[str, int], MetricPoint], attempt: Attempt) -> dict[tuple[str, int], MetricPoint]:
    """The earlier points that an attempt leaves standing."""
    resumed = attempt.resumed_from
    last_step = BEFORE_ALL_STEPS if resumed is None else resumed.step
    return {key: point for key, point in points.items() if point.step <= last_step}


def _read_record(file: Path, attempt: int) -> Iterator[MetricPoint]:
    decoder = msgspec.json.Decoder(MetricLine)
    *lines, _unfinished = file.read_bytes().split(b"\n")
    for text in lines:
        try:
            line = decoder.decode(text)
        except msgspec.DecodeError:
            continue
        yield MetricPoint(line.name, float(line.value), line.step, line.epoch, line.time, attempt)
