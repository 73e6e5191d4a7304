"""What is wrong with a gate by itself: it must look at one thing, and state a condition that fits that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ymltrain.plan.sections import Gate

CONDITIONS: Mapping[str, tuple[str, ...]] = {
    "metric": ("better_than", "at_least", "at_most"),
    "size": ("at_most", "at_least"),
    "latency": ("at_most", "at_least"),
    "slices": ("at_least",),
    "contract": ("better_than",),
    "golden": (),
    "skew": (),
}
"""The conditions that each thing a gate can look at may have; it needs one of them, where there are any."""


def gate_problems(gate: Gate) -> Iterator[tuple[str, str]]:
    """Each problem as a message and a hint."""
    if (gate.metric is None) == (gate.check is None):
        yield "a gate looks at one thing", "write either `metric` or `check`"
        return
    allowed = CONDITIONS["metric" if gate.check is None else gate.check]
    stated = [name for name in ("better_than", "at_least", "at_most") if getattr(gate, name) is not None]
    if allowed and not set(stated) & set(allowed):
        yield f'the gate on "{gate.subject}" has no condition', f"write {_or(allowed)}"
    elif unfit := [name for name in stated if name not in allowed]:
        yield f'the gate on "{gate.subject}" has no use for {_or(unfit)}', f"it takes {_or(allowed)}" if allowed else "leave it out"
    if gate.check == "skew" and gate.log is None:
        yield "the gate on skew names no log", "write `log: FOLDER`, where the server of the version that holds the alias writes"
    for name in ("log", "allow"):
        if gate.check != "skew" and getattr(gate, name) is not None:
            yield f'the gate on "{gate.subject}" has no use for {name}', "it belongs to `check: skew`"
    if gate.tolerance and (gate.metric is None or gate.better_than is None):
        yield f'the gate on "{gate.subject}" has no use for tolerance', "it says how much worse than `better_than` a metric may be"


def _or(names: tuple[str, ...] | list[str]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} or {last}" if rest else last
