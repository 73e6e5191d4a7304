"""Transform skew: features as served against features as the bundle makes them; named, counted, weighed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from ymltrain.skew.causes.name import name_cause
from ymltrain.skew.causes.stale import Everything
from ymltrain.skew.findings import Finding
from ymltrain.skew.replay import Replayed, Scan, tolerance_of
from ymltrain.skew.settings import CheckSettings
from ymltrain.skew.statistics import smallest_seen_share

EVIDENCE_ROWS = 8


def transform_findings(replayed: Replayed, settings: CheckSettings, scan: Scan) -> Iterator[Finding]:
    """One finding for each feature that was not served as the bundle makes it."""
    for feature, differs in replayed.differs.items():
        if differs.any():
            yield _finding(replayed, feature, settings, scan)


def _finding(replayed: Replayed, feature: str, settings: CheckSettings, scan: Scan) -> Finding:
    differs = replayed.differs[feature]
    rows = np.flatnonzero(differs)
    compared = int(replayed.sample.has_features.sum())
    contract = next(found for found in replayed.predictor.contract.features if found.column == feature)
    is_category = replayed.predictor.encoders[feature].shape.kind == "category"

    @cache
    def everything() -> Everything:
        return Everything(scan(feature))

    cause = name_cause(
        replayed.difference(feature, settings),
        is_category=is_category,
        vocabulary=contract.state.get("values") if is_category else None,
        everything=everything,
    )
    share = rows.size / compared
    impact = replayed.impact(feature)
    first = int(rows[0])
    gaps = np.abs(replayed.served[feature] - replayed.expected[feature]).reshape(len(differs), -1)[rows]
    distance = float(np.nanmean(gaps)) if np.isfinite(gaps).any() else np.inf
    return Finding(
        skew_class="transform",
        feature=feature,
        kind="engineering_fault",
        cause=cause.name,
        message=f"{feature}: {cause.words}, in {rows.size:,} of {compared:,} replayed records ({share:.1%})",
        distance=distance if np.isfinite(distance) else None,
        threshold=tolerance_of(feature, settings).atol,
        minimum_detectable=smallest_seen_share(compared),
        onset_row=int(replayed.sample.rows[first]),
        onset_time=replayed.sample.text("served_at", first),
        affected_rows=int(rows.size),
        share=share,
        impact=impact,
        parameters={**cause.parameters, "explained": round(cause.explained, 4)},
        alternatives=cause.alternatives,
        evidence=tuple(evidence_row(replayed, feature, int(row)) for row in _spread(rows)),
        rank=impact * share + 1e-9,
    )


def _spread(rows: Any) -> Any:
    """A few of the affected rows, from the first to the last."""
    return rows[np.unique(np.linspace(0, rows.size - 1, EVIDENCE_ROWS).astype(int))]


def evidence_row(replayed: Replayed, feature: str, row: int) -> dict[str, Any]:
    """One record as it was and as it should have been."""
    return {
        "row": int(replayed.sample.rows[row]),
        "request_id": replayed.sample.text("request_id", row),
        "input": _plain(replayed.sample.inputs.get_column(feature)[row]),
        "expected": _plain(replayed.expected[feature][row]),
        "served": _plain(replayed.served[feature][row]),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, pl.Series):
        return [_plain(part) for part in value.to_list()]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, np.ndarray):
        return [_plain(part) for part in value.tolist()]
    if isinstance(value, float | np.floating):
        return float(f"{float(value):.9g}") if np.isfinite(value) else str(value)
    return value
