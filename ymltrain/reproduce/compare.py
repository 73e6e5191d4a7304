"""Where two runs parted: the first thing, in the order in which one follows from another, that is not the same."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from ymltrain.record.directory import RunDirectory
from ymltrain.record.evidence import Evidence, Level, read_evidence
from ymltrain.record.final import read_final
from ymltrain.record.points import OF_THE_MACHINE, MetricPoint, metrics_digest, read_metrics

TOLERANCE = 0.05


class Parting(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that came out differently; `what` begins with the stage: data, encoded rows, order, weights, step."""

    what: str
    was: Any
    now: Any


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs of one plan, held against each other. `differences` begin with where they parted."""

    level: Level
    is_met: bool
    is_identical: bool
    tensor_digest: tuple[str | None, str | None]
    metrics_digest: tuple[str, str]
    metrics: tuple[dict[str, float | None], dict[str, float | None]]
    differences: tuple[Parting, ...]


def compare_runs(was: RunDirectory, now: RunDirectory, level: Level, tolerance: float = TOLERANCE) -> Comparison:
    """Compare two finished runs.

    The level is met when both digests are equal, or, for `statistical`, when every final metric is within `tolerance`
    (relative).
    """
    before, after = read_final(was), read_final(now)
    old, new = read_metrics(was), read_metrics(now)
    tensors = (before.tensor_digest if before else None, after.tensor_digest if after else None)
    digests = (metrics_digest(old), metrics_digest(new))
    metrics = (before.metrics if before else {}, after.metrics if after else {})
    parting = first_parting(old, new)
    differences = [*_evidence(read_evidence(was), read_evidence(now)), *([parting] if parting else []), *_outcome(tensors)]
    is_identical = tensors[0] is not None and tensors[0] == tensors[1] and digests[0] == digests[1]
    is_met = is_identical or (level == "statistical" and _are_close(*metrics, tolerance))
    return Comparison(
        level=level,
        is_met=is_met,
        is_identical=is_identical,
        tensor_digest=tensors,
        metrics_digest=digests,
        metrics=metrics,
        differences=tuple(differences),
    )


def _evidence(was: Evidence | None, now: Evidence | None) -> Iterator[Parting]:
    if was is None or now is None:
        return
    for words, old, new in (
        ("the data", was.data, now.data),
        ("the rows of each split", was.rows, now.rows),
        ("the encoded rows", was.encoded, now.encoded),
        ("the order of the batches", was.order, now.order),
        ("the initial weights", was.initial_weights, now.initial_weights),
        ("the states of the random generators", was.generators, now.generators),
        ("the topology", was.topology, now.topology),
    ):
        if old != new:
            yield Parting(what=words, was=old, now=new)
    for name in sorted(was.runtime.keys() | now.runtime.keys()):
        if was.runtime.get(name) != now.runtime.get(name):
            yield Parting(what=f"torch's {name.replace('_', ' ')}", was=was.runtime.get(name), now=now.runtime.get(name))


def first_parting(was: Sequence[MetricPoint], now: Sequence[MetricPoint]) -> Parting | None:
    """The first value that is not the same, by step; None when all are."""
    old, new = _by_step(was), _by_step(now)
    for step, name in sorted(old.keys() | new.keys()):
        before, after = old.get((step, name)), new.get((step, name))
        if before is None or after is None or not _is_same(before, after):
            return Parting(what=f"step {step}: {name}", was=before, now=after)
    return None


def _outcome(tensors: tuple[str | None, str | None]) -> Iterator[Parting]:
    if tensors[0] != tensors[1]:
        yield Parting(what="the final weights", was=tensors[0], now=tensors[1])


def _by_step(points: Sequence[MetricPoint]) -> dict[tuple[int, str], float]:
    return {(point.step, point.name): point.value for point in points if not point.name.startswith(OF_THE_MACHINE)}


def _is_same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


def _are_close(was: Mapping[str, float | None], now: Mapping[str, float | None], tolerance: float) -> bool:
    if was.keys() != now.keys() or not was:
        return False
    pairs = [(was[name], now[name]) for name in was]
    return all(
        (old is None and new is None)
        or (old is not None and new is not None and math.isclose(old, new, rel_tol=tolerance, abs_tol=1e-3))
        for old, new in pairs
    )
