"""The metrics of a run as one history, read from the records of all its attempts.

An attempt that resumed at step R supersedes what earlier ones logged beyond R; one that started afresh supersedes
them whole. Of two values of one name and step, the later attempt's stands. The torn last line of a killed writer is
passed over; any other line that is not what was written is named, and the rest is read.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from ymltrain.record.attempt import Attempt, read_attempts
from ymltrain.record.directory import RunDirectory
from ymltrain.record.metrics import NotFinite
from ymltrain.storage import read_small

BEFORE_ALL_STEPS = -1
SEAL = b',"crc":'
OF_THE_MACHINE = ("system/", "speed/", "memory/")
"""Metrics that no two runs share."""


class MetricPoint(msgspec.Struct, frozen=True, gc=False):
    """One value of one metric at one optimizer step, and the attempt that logged it. `value` may be NaN or infinite."""

    name: str
    value: float
    step: int
    epoch: int
    time: float
    attempt: int


@dataclass(frozen=True)
class History:
    """What a run logged: the values that stand, in the order they were logged, and where its record is damaged."""

    points: list[MetricPoint]
    damage: list[str] = field(default_factory=list)


def read_history(run: RunDirectory, rank: int = 0, attempts: Sequence[Attempt] | None = None) -> History:
    """The values that stand, and which lines of the record are not what was written (`metrics/1-0.jsonl:12: …`).

    `attempts` are the run's, when they have been read already.
    """
    begun = {attempt.number: attempt for attempt in (read_attempts(run) if attempts is None else attempts)}
    records = _records(run, rank)
    points: dict[tuple[str, int], MetricPoint] = {}
    damage: list[str] = []
    for number in sorted(begun.keys() | records.keys()):
        if points and number in begun:
            points = _up_to(points, begun[number])
        if number in records:
            _take_in(points, records[number], number, damage)
    return History(list(points.values()), damage)


def _records(run: RunDirectory, rank: int) -> dict[int, str]:
    """The files of a rank's record by the number of the attempt."""
    folder, ending = f"{run.path}/metrics", f"-{rank}.jsonl"
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names alone, of ten thousand runs
    except (FileNotFoundError, NotADirectoryError):
        return {}
    numbers = {name: name.removesuffix(ending) for name in names if name.endswith(ending)}
    return {int(number): f"{folder}/{name}" for name, number in numbers.items() if number.isdecimal()}


def read_metrics(run: RunDirectory, rank: int = 0) -> list[MetricPoint]:
    """The values that stand, in the order they were logged."""
    return read_history(run, rank).points


def metrics_digest(points: list[MetricPoint]) -> str:
    """The digest of all values with their names, steps and epochs, in the order of steps and names.

    Times and what was measured of the machine are left out: equal digests mean that training went the same way.
    """
    digest = hashlib.sha256(b"ymltrain metrics 1\n")
    for point in sorted(points, key=lambda point: (point.step, point.name)):
        if not point.name.startswith(OF_THE_MACHINE):
            digest.update(msgspec.json.encode([point.name, point.step, point.epoch, repr(point.value)]) + b"\n")
    return "sha256:" + digest.hexdigest()


def last_values(run: RunDirectory) -> dict[str, float]:
    """Of each metric the value that was logged last."""
    return {point.name: point.value for point in read_metrics(run)}


def _up_to(points: dict[tuple[str, int], MetricPoint], attempt: Attempt) -> dict[tuple[str, int], MetricPoint]:
    """The earlier points that an attempt leaves standing."""
    resumed = attempt.resumed_from
    last_step = BEFORE_ALL_STEPS if resumed is None else resumed.step
    return {key: point for key, point in points.items() if point.step <= last_step}


class _Line(msgspec.Struct, gc=False):
    """A line as it is read; lines of before there were checksums have none."""

    name: str
    value: float | NotFinite
    step: int
    epoch: int
    time: float
    crc: int | None = None


_LINES = msgspec.json.Decoder(_Line)


def _take_in(points: dict[tuple[str, int], MetricPoint], file: str, attempt: int, damage: list[str]) -> None:
    """Add one record's values; of a name and step that is there already, the new value stands in its own place."""
    for line in _read_record(file, damage):
        key = (line.name, line.step)
        points.pop(key, None)
        points[key] = MetricPoint(line.name, float(line.value), line.step, line.epoch, line.time, attempt)


def _read_record(file: str, damage: list[str]) -> list[_Line]:
    content = read_small(file)
    whole = content[: content.rfind(b"\n") + 1]
    texts = whole.split(b"\n")[:-1]
    try:
        lines = _LINES.decode_lines(whole)
        if len(lines) == len(texts) and all(map(_is_as_sealed, texts, lines)):
            return lines
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    return list(_read_line_by_line(file, texts, damage))


def _read_line_by_line(file: str, texts: list[bytes], damage: list[str]) -> Iterator[_Line]:
    name = file.rpartition("/")[2]
    for number, text in enumerate(texts, 1):
        if not text:
            continue
        try:
            line = _LINES.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            damage.append(f"metrics/{name}:{number}: the line is not whole")
            continue
        if _is_as_sealed(text, line):
            yield line
        else:
            damage.append(f"metrics/{name}:{number}: the line was changed after it was written")


def _is_as_sealed(text: bytes, line: _Line) -> bool:
    """Whether a line fits its checksum. One that has lost the key altogether was changed, unless it never had one."""
    if line.crc is None:
        return SEAL[1:5] not in text
    body = text[: text.rfind(SEAL)]
    return zlib.crc32(b"}", zlib.crc32(body)) == line.crc
