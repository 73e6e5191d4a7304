"""Whether one contract serves the callers of another: they send what the old one asks for, and read what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def contract_problems(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[str]:
    """What would break for a caller of `old` that gets `new`, a sentence each. Both are documents of contract.json."""
    problems = [*_input_problems(new.get("inputs", {}), old.get("inputs", {}))]
    for part, words in (("task", "task"), ("width", "number of outputs")):
        was, now = old.get("output", {}).get(part), new.get("output", {}).get(part)
        if was != now:
            problems.append(f"its {words} is {now}, not {was}")
    was, now = _target(old), _target(new)
    if was != now:
        problems.append(f"it predicts {now}, not {was}")
    classes = [contract.get("target", {}).get("state", {}).get("classes") for contract in (old, new)]
    if classes[0] != classes[1]:
        problems.append("its classes are others")
    return problems


def _input_problems(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[str]:
    sent, asked = old.get("properties", {}), new.get("properties", {})
    problems = [f"it needs the column {name}, which callers do not send" for name in new.get("required", ()) if name not in sent]
    needed = set(old.get("required", ()))
    problems += [
        f"it needs the column {name}, which callers may leave out"
        for name in new.get("required", ())
        if name in sent and name not in needed
    ]
    for name in sorted(set(sent) & set(asked)):
        was, now = _types(sent[name]), _types(asked[name])
        if was - now:
            problems.append(f"its column {name} takes no {' or '.join(sorted(was - now))}")
    return problems


def _target(contract: Mapping[str, Any]) -> str:
    target = contract.get("target", {})
    return ", ".join(target.get("columns") or [str(target.get("column"))])


def _types(schema: object) -> set[str]:
    """The types that a property takes; none where it may not be there."""
    kinds: Any = schema.get("type", []) if isinstance(schema, Mapping) else []
    return {kinds} if isinstance(kinds, str) else set(kinds)
