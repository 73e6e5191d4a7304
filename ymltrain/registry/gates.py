"""Gates: what a version must show before an alias moves to it.

A gate passes when every condition it states holds. The metric must have a finite value. `better_than` means
strictly better than the alias holder's value, in the metric's own direction; it holds while no version has that
alias, and while the version itself has it. A holder without a finite value cannot be shown to be worse: it fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from ymltrain.diagnostics import RegistryError
from ymltrain.plan.sections import Gate
from ymltrain.registry.events import GateOutcome
from ymltrain.registry.state import ModelState, Version

Goal: TypeAlias = Literal["minimize", "maximize"]


def judge_gate(gate: Gate, version: Version, state: ModelState, goals: Mapping[str, Goal]) -> GateOutcome:
    """What a gate says of a version of this model; `goals` is the direction of each metric.

    Raises RegistryError when it must compare a metric of unknown direction.
    """
    value = version.metrics.get(gate.metric)
    holder = _holder(gate, version, state)
    holder_value = holder.metrics.get(gate.metric) if holder else None
    found: list[tuple[bool, str]] = []
    if value is None:
        found.append((False, f"version {version.version} has no value of {gate.metric}"))
    else:
        found += _against_bounds(gate, value)
        if gate.better_than is not None:
            found.append(_against_holder(gate, value, holder, _goal(gate, goals)))
    failed = [words for passed, words in found if not passed]
    return GateOutcome(
        metric=gate.metric,
        passed=not failed,
        reason="; ".join(failed or [words for _, words in found]) or "states no condition",
        value=value,
        better_than=gate.better_than,
        holder=holder.version if holder else None,
        holder_value=holder_value,
        at_least=gate.at_least,
        at_most=gate.at_most,
    )


def _holder(gate: Gate, version: Version, state: ModelState) -> Version | None:
    """The other version that holds the alias to be beaten, if there is one."""
    number = state.aliases.get(gate.better_than) if gate.better_than is not None else None
    return None if number in (None, version.version) else state.numbered(number)


def _against_bounds(gate: Gate, value: float) -> list[tuple[bool, str]]:
    found = []
    if gate.at_least is not None:
        passed = value >= gate.at_least
        found.append((passed, f"{gate.metric} {value:g} is {'at least' if passed else 'below'} {gate.at_least:g}"))
    if gate.at_most is not None:
        passed = value <= gate.at_most
        found.append((passed, f"{gate.metric} {value:g} is {'at most' if passed else 'above'} {gate.at_most:g}"))
    return found


def _against_holder(gate: Gate, value: float, holder: Version | None, goal: Goal) -> tuple[bool, str]:
    if holder is None:
        return True, f"no other version is {gate.better_than}"
    rival = holder.metrics.get(gate.metric)
    name = f"{gate.better_than} (version {holder.version})"
    if rival is None:
        return False, f"{name} has no value of {gate.metric} to compare with"
    passed = value < rival if goal == "minimize" else value > rival
    return passed, f"{gate.metric} {value:g} is {'better' if passed else 'not better'} than {rival:g} of {name}"


def _goal(gate: Gate, goals: Mapping[str, Goal]) -> Goal:
    try:
        return goals[gate.metric]
    except KeyError:
        raise RegistryError(
            "YT959", f"whether less or more of {gate.metric} is better is not known", "compare by a metric that the run reports"
        ) from None
