"""Verdicts on stretches of one log, from its timeline: nothing is read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec
import numpy as np

from ymltrain.skew.aspect_tests import aspect_tests
from ymltrain.skew.distribution import Comparison, distribution_tests
from ymltrain.skew.family import passed_tests
from ymltrain.skew.findings import Finding, judge
from ymltrain.skew.log_profile import Field, LogProfile, Stretch
from ymltrain.skew.profile import Distribution
from ymltrain.skew.report import WindowReport


def window_reports(comparison: Comparison | None, findings: Sequence[Finding], count: int) -> Iterator[WindowReport]:
    """A verdict on each window: its own distributions, and the proofs whose records lie in it. Each is a check of the budget."""
    if comparison is None or count < 2:
        return
    stretches = comparison.log.stretches
    for number, part in enumerate(np.array_split(np.arange(len(stretches)), min(count, len(stretches)))):
        mine = [stretches[int(position)] for position in part]
        first, rows = mine[0].first_row, sum(stretch.rows for stretch in mine)
        inside = [found for found in findings if found.kind == "engineering_fault" and _is_inside(found, first, first + rows)]
        windowed = replace(comparison, log=_log_of(comparison.log, mine), sample=None)
        shifts = list(passed_tests([*distribution_tests(windowed), *aspect_tests(windowed)], comparison.settings.rate))
        proven = [f"{found.skew_class}: {found.feature or 'predictions'}: {found.cause}" for found in inside]
        names = [*proven, *(f"{found.skew_class}: {found.message}" for found in shifts)]
        yield WindowReport(
            number=number,
            first_row=first,
            rows=rows,
            start=mine[0].time,
            verdict=judge([*inside, *shifts]),
            findings=tuple(names),
        )


def _is_inside(finding: Finding, start: int, end: int) -> bool:
    rows = [int(row["row"]) for row in finding.evidence if "row" in row]
    if not rows:
        return finding.onset_row is not None and finding.onset_row < end
    return any(start <= row < end for row in rows) or (min(rows) < start and max(rows) >= end)


def _log_of(log: LogProfile, stretches: Sequence[Stretch]) -> LogProfile:
    """The log's profile of some stretches alone."""

    def held(name: str, found: Distribution) -> Distribution:
        counts = np.sum([stretch.counts[name] for stretch in stretches], axis=0)
        return Distribution(bins=found.bins, counts=tuple(int(count) for count in counts))

    features = {name: held(name, found) for name, found in log.features.items()}
    aspects = {name: held(name, found) for name, found in log.aspects.items()}
    rows = sum(stretch.rows for stretch in stretches)
    fields = {name: Field(unseen=field.unseen) for name, field in log.fields.items()}
    return msgspec.structs.replace(
        log, rows=rows, features=features, aspects=aspects, spans={}, fields=fields, stretches=tuple(stretches)
    )
