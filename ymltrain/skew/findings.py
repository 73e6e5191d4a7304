"""What a check finds, and the one verdict over all of it.

Written rules. A finding of kind `engineering_fault` is one that the log proves: a broken contract, a value or prediction that is
not what the bundle makes of the same input, parts that were not made together. `drift` is a change of what comes in or out while
everything that could be replayed was replayed equal. `undetermined` is a change that looks made (an exact unit, a value that
never varies) but that the log cannot prove. The verdict is `fault` when any finding is an engineering fault, else `drift` when
there is any finding, else `ok`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

Kind = Literal["engineering_fault", "drift", "undetermined"]
SkewClass = Literal["schema", "transform", "distribution", "prediction", "numeric", "time", "version", "sampling"]
VerdictWord = Literal["ok", "drift", "fault"]

TAXONOMY: dict[str, str] = {
    "schema": "S1",
    "transform": "S2",
    "distribution": "S3",
    "prediction": "S4",
    "numeric": "S5",
    "time": "S6",
    "version": "S7",
    "sampling": "S8",
}
EXIT_CODES: dict[VerdictWord, int] = {"ok": 0, "drift": 3, "fault": 4}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it was at training.

    `cause` is a stable word, `parameters` its figures, `message` a sentence for a person. `share` is of the rows looked at;
    `impact` the mean change of predictions that it makes, in standard deviations of predictions; `rank` orders findings.
    `windows` are the numbers of the windows it was found in.
    """

    skew_class: SkewClass = msgspec.field(name="class")
    feature: str | None
    kind: Kind
    cause: str
    message: str
    distance: float | None = None
    threshold: float | None = None
    p_value: float | None = None
    minimum_detectable: float | None = None
    onset_row: int | None = None
    onset_time: str | None = None
    affected_rows: int | None = None
    share: float | None = None
    impact: float | None = None
    parameters: dict[str, Any] = {}
    alternatives: tuple[str, ...] = ()
    evidence: tuple[dict[str, Any], ...] = ()
    taxonomy: str = ""
    rank: float = 0.0
    windows: tuple[int, ...] = ()


class CheckRun(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the log allowed a class of checks, and why not."""

    skew_class: SkewClass = msgspec.field(name="class")
    ran: bool
    why: str = ""
    taxonomy: str = ""


def judge(findings: Iterable[Finding]) -> VerdictWord:
    """The one verdict."""
    kinds = {finding.kind for finding in findings}
    if "engineering_fault" in kinds:
        return "fault"
    return "drift" if kinds else "ok"


_ORDER: dict[Kind, int] = {"engineering_fault": 0, "undetermined": 1, "drift": 2}


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Faults first, then by what they do to predictions."""
    complete = [msgspec.structs.replace(finding, taxonomy=TAXONOMY[finding.skew_class]) for finding in findings]
    return sorted(complete, key=lambda found: (_ORDER[found.kind], -found.rank, -(found.distance or 0), found.feature or ""))
