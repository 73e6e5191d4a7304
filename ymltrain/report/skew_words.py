"""Findings of a check in words that the terminal and the page share."""

from __future__ import annotations

from collections import Counter

from ymltrain.skew.findings import Finding, Kind
from ymltrain.skew.report import SkewReport

KINDS: dict[Kind, tuple[str, str]] = {
    "engineering_fault": ("engineering fault", "engineering faults"),
    "undetermined": ("undetermined", "undetermined"),
    "drift": ("drift", "drifts"),
}
SURE = 1e-12


def onset_words(finding: Finding) -> str:
    """Since when: `since record 2,501 (2026-…)`, or that it was so all along; empty where nothing tells."""
    if finding.onset_row is None:
        return ""
    if not finding.onset_row:
        return "since the log begins"
    return f"since record {finding.onset_row:,}" + (f" ({finding.onset_time})" if finding.onset_time else "")


def when(finding: Finding) -> str | None:
    """The minute in which it began, where the log tells it."""
    return None if finding.onset_time is None else str(finding.onset_time)[:16].replace("T", " ")


def ranked_features(report: SkewReport) -> list[str]:
    """Features with a proven fault in the order of the findings, then the others by distance and what they do to predictions."""
    faulty = [finding.feature for finding in report.findings if finding.kind == "engineering_fault"]
    by_weight = sorted(report.features, key=lambda name: -report.features[name].distance * (0.01 + report.features[name].impact))
    return list(dict.fromkeys([*(name for name in faulty if name in report.features and name is not None), *by_weight]))


def chance(p_value: float) -> str:
    """A chance that people can read: `= 0.0021`, or `< 1e-12`."""
    return f"< {SURE:g}" if p_value < SURE else f"= {p_value:.2g}"


def counted_kinds(report: SkewReport) -> str:
    """How many findings there are of each kind, faults first."""
    counts = Counter(finding.kind for finding in report.findings)
    return ", ".join(f"{counts[kind]} {words[counts[kind] > 1]}" for kind, words in KINDS.items() if counts[kind])
