"""Gates: what a version must show before an alias moves to it.

A gate passes when every condition it states holds, and fails where that cannot be told. The metric must have a
finite value. `better_than` means strictly better than the alias holder's value in the metric's own direction, or
with `tolerance` not worse than that by more; it holds while no version has that alias, and while the version itself
has it. Two metrics are compared only when both were measured on the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from ymltrain.diagnostics import RegistryError
from ymltrain.plan.sections import Gate
from ymltrain.registry.compatibility import contract_problems
from ymltrain.registry.events import GateOutcome
from ymltrain.registry.state import ModelState, Version

Goal: TypeAlias = Literal["minimize", "maximize"]
Found: TypeAlias = list[tuple[bool, str]]


class GoldenReplay(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the golden rows: how many there are, and the first difference in words (None when all were equal)."""

    rows: int
    problem: str | None = None


class SkewVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a check said of the serving log of the version that holds an alias (None while none does), or why it could not be made.

    `findings` are the first of them, in words.
    """

    alias: str
    version: int | None = None
    verdict: Literal["ok", "drift", "fault"] | None = None
    rows: int = 0
    findings: tuple[str, ...] = ()
    problem: str | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of a version for its gates; None is what nobody measured.

    `latency` is in milliseconds for one row, `skew` the verdict on each serving log that a gate names. The rows of slices are
    recorded with the version.
    """

    latency: float | None = None
    golden: GoldenReplay | None = None
    skew: Mapping[str, SkewVerdict] = {}


class Court:
    """All that gates look at: the candidate, the model it belongs to, and what is known beside."""

    def __init__(
        self,
        version: Version,
        state: ModelState,
        goals: Mapping[str, Goal],
        evidence: Evidence,
        contract_of: Callable[[Version], Mapping[str, Any] | None],
    ) -> None:
        self.version = version
        self.state = state
        self.goals = {**version.goals, **goals}
        self.evidence = evidence
        self.contract_of = contract_of

    def holder(self, gate: Gate) -> Version | None:
        """The other version that holds the alias to be beaten, if there is one."""
        number = self.state.aliases.get(gate.better_than) if gate.better_than is not None else None
        return None if number in (None, self.version.version) else self.state.numbered(number)


def judge_gate(gate: Gate, court: Court) -> GateOutcome:
    """What a gate says of a version. Raises RegistryError when it must compare a metric of unknown direction."""
    holder = court.holder(gate)
    value, found = _metric(gate, court, holder) if gate.metric is not None else CHECKS[gate.check or ""](gate, court, holder)
    failed = [words for passed, words in found if not passed]
    return GateOutcome(
        metric=gate.subject,
        passed=not failed,
        reason="; ".join(failed or [words for _, words in found]) or "states no condition",
        value=value,
        better_than=gate.better_than,
        holder=holder.version if holder else None,
        holder_value=holder.metrics.get(gate.metric) if holder and gate.metric else None,
        at_least=gate.at_least,
        at_most=gate.at_most,
        tolerance=gate.tolerance or None,
    )


def _metric(gate: Gate, court: Court, holder: Version | None) -> tuple[float | None, Found]:
    value = court.version.metrics.get(gate.subject)
    if value is None:
        return None, [(False, f"version {court.version.version} has no value of {gate.metric}")]
    found = _against_bounds(gate, value)
    if gate.better_than is not None:
        found.append(_against_holder(gate, value, holder, court))
    return value, found


def _against_bounds(gate: Gate, value: float, unit: str = "") -> Found:
    found = []
    if gate.at_least is not None:
        passed = value >= gate.at_least
        found.append((passed, f"{gate.subject} {value:g}{unit} is {'at least' if passed else 'below'} {gate.at_least:g}"))
    if gate.at_most is not None:
        passed = value <= gate.at_most
        found.append((passed, f"{gate.subject} {value:g}{unit} is {'at most' if passed else 'above'} {gate.at_most:g}"))
    return found


def _against_holder(gate: Gate, value: float, holder: Version | None, court: Court) -> tuple[bool, str]:
    if holder is None:
        return True, f"no other version is {gate.better_than}"
    rival = holder.metrics.get(gate.subject)
    name = f"{gate.better_than} (version {holder.version})"
    if rival is None:
        return False, f"{name} has no value of {gate.metric} to compare with"
    if court.version.evaluated_on is None or court.version.evaluated_on != holder.evaluated_on:
        return False, f"{gate.metric} cannot be compared with {name}: {_different_rows(court.version, holder)}"
    worse = value - rival if _goal(gate, court.goals) == "minimize" else rival - value
    passed = worse <= gate.tolerance if gate.tolerance else worse < 0
    if gate.tolerance:
        verdict = f"{'within' if passed else 'worse by more than'} {gate.tolerance:g} of"
        return passed, f"{gate.metric} {value:g} is {verdict} {rival:g} of {name}"
    return passed, f"{gate.metric} {value:g} is {'better' if passed else 'not better'} than {rival:g} of {name}"


def _different_rows(version: Version, holder: Version) -> str:
    for one in (version, holder):
        if one.evaluated_on is None:
            return f"which rows version {one.version} was evaluated on is not recorded"
    return "they were evaluated on different rows, as the data or the split are not the same; evaluate both on one"


def _goal(gate: Gate, goals: Mapping[str, Goal]) -> Goal:
    try:
        return goals[gate.subject]
    except KeyError:
        raise RegistryError(
            "YT959", f"whether less or more of {gate.metric} is better is not known", "compare by a metric that the run reports"
        ) from None


def _size(gate: Gate, court: Court, _: Version | None) -> tuple[float | None, Found]:
    size = court.version.size
    return (None, [_not_measured("size")]) if size is None else (size, _against_bounds(gate, size, " bytes"))


def _latency(gate: Gate, court: Court, _: Version | None) -> tuple[float | None, Found]:
    latency = court.evidence.latency
    return (None, [_not_measured("latency")]) if latency is None else (latency, _against_bounds(gate, latency, " ms"))


def _golden(_: Gate, court: Court, __: Version | None) -> tuple[float | None, Found]:
    replay = court.evidence.golden
    if replay is None:
        return None, [_not_measured("golden")]
    if not replay.rows:
        return 0, [(False, "the bundle has no golden rows")]
    return replay.rows, [(replay.problem is None, replay.problem or f"{replay.rows} golden rows give what training made of them")]


def _contract(gate: Gate, court: Court, holder: Version | None) -> tuple[float | None, Found]:
    if holder is None:
        return None, [(True, f"no other version is {gate.better_than}")]
    ours, theirs = court.contract_of(court.version), court.contract_of(holder)
    if ours is None or theirs is None:
        lacking = court.version if ours is None else holder
        return None, [(False, f"version {lacking.version} has no contract")]
    problems = contract_problems(ours, theirs)
    name = f"{gate.better_than} (version {holder.version})"
    return len(problems), [(not problems, "; ".join(problems) or f"it serves whoever calls {name}")]


def _slices(gate: Gate, court: Court, _: Version | None) -> tuple[float | None, Found]:
    slices = {one.name: one.rows for one in court.version.slices if one.is_asked}
    if not slices:
        return None, [(False, "the version has no slices: its recipe has no `evaluation.slices`, or no test rows")]
    least = min(slices, key=lambda name: slices[name])
    thin = [f"{name} has {rows}" for name, rows in slices.items() if gate.at_least is not None and rows < gate.at_least]
    words = (
        f"slices with less than {gate.at_least:g} rows: {', '.join(thin)}"
        if thin
        else f"the smallest slice, {least}, has {slices[least]} rows"
    )
    return slices[least], [(not thin, words)]


def _skew(gate: Gate, court: Court, _: Version | None) -> tuple[float | None, Found]:
    found = court.evidence.skew.get(gate.log or "")
    if found is None:
        return None, [_not_measured("skew")]
    if court.state.aliases.get(found.alias) != found.version:
        return None, [(False, f"{found.alias} moved while its log was checked: promote again")]
    if found.version is None:
        return None, [(True, f"no version is {found.alias}, so there is no log of it")]
    name = f"the log of {found.alias} (version {found.version})"
    if found.verdict is None:
        return None, [(False, f"{name} cannot be checked: {found.problem}")]
    passed = found.verdict in ("ok", gate.allow)
    why = f": {', '.join(found.findings)}" if found.findings else ""
    return None, [(passed, f"the skew check of {name}, {found.rows:,} records, says {found.verdict}{why}")]


def _not_measured(what: str) -> tuple[bool, str]:
    return False, f"{what} was not measured"


CHECKS: Mapping[str, Callable[[Gate, Court, Version | None], tuple[float | None, Found]]] = {
    "size": _size,
    "latency": _latency,
    "golden": _golden,
    "contract": _contract,
    "slices": _slices,
    "skew": _skew,
}
