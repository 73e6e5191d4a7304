"""The profile of a serving log: what its records held, in the bins of a bundle's profile, and where they broke its contract.

Profiles of logs of one bundle add up exactly, so a log is read once. The timeline is a list of stretches of rows; when it grows
long, neighbours are joined.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

import msgspec
import numpy as np

from ymltrain.diagnostics import DataError
from ymltrain.plan.plan import canonical_json
from ymltrain.skew.profile import Distribution, Mean

LOG_PROFILE_VERSION = 1
STRETCHES = 48
EXAMPLES = 5


NO_SPAN = (math.inf, -math.inf)


def join_spans(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """The span of both."""
    return min(one[0], other[0]), max(one[1], other[1])


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """How often something was found, and its first record: number (from 0), request id and value there."""

    count: int = 0
    row: int = -1
    request_id: str | None = None
    value: str | None = None

    def add(self, other: Occurrence, offset: int = 0) -> Occurrence:
        """Both, the other one counted `offset` rows later."""
        if not other.count:
            return self
        if self.count:
            return msgspec.structs.replace(self, count=self.count + other.count)
        return msgspec.structs.replace(other, row=other.row + offset)


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """What was wrong in an input column. `unseen` counts values that training never had, the first few of them.

    `defaulted` is no wrong: values that a declared serving default stood in for.
    """

    absent: Occurrence = Occurrence()
    wrong_type: Occurrence = Occurrence()
    null: Occurrence = Occurrence()
    infinite: Occurrence = Occurrence()
    defaulted: Occurrence = Occurrence()
    unseen: dict[str, Occurrence] = {}


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of the log: its first row, its rows, the time of its first record, and each column's counts."""

    first_row: int
    rows: int
    time: str | None
    counts: dict[str, tuple[int, ...]]
    absent: dict[str, int] = {}


class LogProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What a log held. `features`, `aspects`, `prediction` and `label` are counted in the bins of the bundle's profile.

    `spans` are the first and last time of each column of times, in seconds since 1970. `versions` tells which values each
    stamp had, `damaged` counts lines that are no records.
    """

    log_profile: int = LOG_PROFILE_VERSION
    bundle: str
    rows: int
    features: dict[str, Distribution]
    aspects: dict[str, Distribution] = {}
    spans: dict[str, tuple[float, float]] = {}
    fields: dict[str, Field]
    extra: dict[str, Occurrence]
    versions: dict[str, dict[str, Occurrence]]
    prediction: Distribution | None
    label: Distribution | None
    error: Mean
    bias: Mean
    damaged: Occurrence
    repeated: Occurrence
    out_of_order: Occurrence
    first_time: str | None
    last_time: str | None
    stretches: tuple[Stretch, ...]
    recorded: tuple[str, ...]


def merge_profiles(profiles: Iterable[LogProfile]) -> LogProfile:
    """One profile of several logs, in this order. Raises DataError (YT990) when they are of different bundles."""
    return reduce(_merge, profiles)


def _merge(one: LogProfile, other: LogProfile) -> LogProfile:
    if one.bundle != other.bundle or {n: d.bins for n, d in one.features.items()} != {n: d.bins for n, d in other.features.items()}:
        raise DataError("YT990", "the profiles are of different bundles", "profile both logs with the same model")
    offset = one.rows
    shifted = [msgspec.structs.replace(stretch, first_row=stretch.first_row + offset) for stretch in other.stretches]

    def occurrence(a: Occurrence, b: Occurrence) -> Occurrence:
        return a.add(b, offset)

    return msgspec.structs.replace(
        one,
        rows=one.rows + other.rows,
        features={name: found.add(other.features[name].array) for name, found in one.features.items()},
        aspects={name: found.add(other.aspects[name].array) for name, found in one.aspects.items()},
        spans=_union(one.spans, other.spans, join_spans, NO_SPAN),
        fields={name: _merge_fields(found, other.fields[name], offset) for name, found in one.fields.items()},
        extra=_union(one.extra, other.extra, occurrence, Occurrence()),
        versions={
            name: _union(one.versions.get(name, {}), other.versions.get(name, {}), occurrence, Occurrence())
            for name in one.versions | other.versions
        },
        prediction=_add(one.prediction, other.prediction),
        label=_add(one.label, other.label),
        error=one.error.add(other.error),
        bias=one.bias.add(other.bias),
        damaged=one.damaged.add(other.damaged, offset),
        repeated=one.repeated.add(other.repeated, offset),
        out_of_order=one.out_of_order.add(other.out_of_order, offset),
        first_time=min(filter(None, (one.first_time, other.first_time)), default=None),
        last_time=max(filter(None, (one.last_time, other.last_time)), default=None),
        stretches=thin([*one.stretches, *shifted]),
        recorded=tuple(sorted({*one.recorded, *other.recorded})),
    )


def _merge_fields(one: Field, other: Field, offset: int) -> Field:
    return Field(
        absent=one.absent.add(other.absent, offset),
        wrong_type=one.wrong_type.add(other.wrong_type, offset),
        null=one.null.add(other.null, offset),
        infinite=one.infinite.add(other.infinite, offset),
        defaulted=one.defaulted.add(other.defaulted, offset),
        unseen=_union(one.unseen, other.unseen, lambda a, b: a.add(b, offset), Occurrence()),
    )


def _union(one: dict[str, Any], other: dict[str, Any], join: Callable[[Any, Any], Any], empty: Any) -> dict[str, Any]:
    return {name: join(one.get(name, empty), other.get(name, empty)) for name in one | other}


def _add(one: Distribution | None, other: Distribution | None) -> Distribution | None:
    return (one or other) if one is None or other is None else one.add(other.array)


def thin(stretches: list[Stretch], most: int = STRETCHES) -> tuple[Stretch, ...]:
    """The same timeline in at most so many stretches."""
    while len(stretches) > most:
        pairs = [stretches[start : start + 2] for start in range(0, len(stretches), 2)]
        stretches = [_joined(*pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return tuple(stretches)


def _joined(one: Stretch, other: Stretch) -> Stretch:
    counts = {
        name: tuple((np.asarray(found) + np.asarray(other.counts[name])).tolist())
        for name, found in one.counts.items()
        if name in other.counts
    }
    absent = {name: one.absent.get(name, 0) + other.absent.get(name, 0) for name in one.absent | other.absent}
    return msgspec.structs.replace(one, rows=one.rows + other.rows, counts=counts, absent=absent)


def write_log_profile(profile: LogProfile) -> bytes:
    """The profile as compact sorted JSON."""
    return canonical_json(profile) + b"\n"
