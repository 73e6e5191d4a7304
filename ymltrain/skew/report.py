"""What a check says, as data: the document of `skew check --json`, and all that reports draw."""

from __future__ import annotations

from typing import Any

import msgspec

from ymltrain.skew.findings import CheckRun, Finding, VerdictWord


class FeatureReport(msgspec.Struct, frozen=True, kw_only=True):
    """Distances of one column, whether or not they matter. `share_missing` is of the log's rows.

    `defaulted` are rows that were served by the column's declared default. `aspect` says
    what of a time, a text or a vector the distances are of: the aspect that is farthest from training.
    """

    distance: float
    ks: float
    tvd: float
    psi: float
    p_value: float
    threshold: float
    minimum_detectable: float
    impact: float
    share_missing: float
    defaulted: int = 0
    replayed_differences: int | None = None
    aspect: str | None = None


class WindowReport(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one stretch of the log."""

    number: int
    first_row: int
    rows: int
    start: str | None
    verdict: VerdictWord
    findings: tuple[str, ...]


class SkewReport(msgspec.Struct, frozen=True, kw_only=True):
    """One check. `seconds` is of the check, without the start of the process; `notes` is what a person should know besides."""

    verdict: VerdictWord
    model: str
    bundle: str
    findings: tuple[Finding, ...]
    features: dict[str, FeatureReport]
    rows: int
    cells: int
    seconds: float
    replayed: int
    checks: tuple[CheckRun, ...]
    windows: tuple[WindowReport, ...]
    budget: dict[str, float]
    notes: tuple[str, ...]
    first_time: str | None = None
    last_time: str | None = None


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """What a report draws of one column: shares of training and log in the same bins, and its distance along the log."""

    name: str
    kind: str
    bins: tuple[str, ...]
    training: tuple[float, ...]
    served: tuple[float, ...]
    timeline: tuple[dict[str, Any], ...]
