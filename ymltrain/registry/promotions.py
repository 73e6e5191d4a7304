"""Which gates a version is put before: those its recipe stated, or others that somebody asks for now."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ymltrain.diagnostics import UsageError
from ymltrain.plan.gate_problems import gate_problems
from ymltrain.plan.sections import Gate, Promote
from ymltrain.registry.references import check_alias
from ymltrain.registry.state import Version

NUMBERS = ("at_least", "at_most", "tolerance")


def read_promote(version: Version, alias: str | None, gates: Sequence[str] | None) -> Promote:
    """The promotion to judge; None for `gates` takes the recipe's. Raises UsageError where nothing says what to ask."""
    recorded = None if version.promote is None else msgspec.convert(version.promote, Promote)
    if recorded is None and (alias is None or gates is None):
        raise UsageError(
            "YT973",
            f"no gates are recorded for {version}: its recipe has no `registry.promote`",
            "say which: --alias NAME with --gate metric=test/rmse,better_than=champion, or --no-gates",
        )
    chosen = alias or (recorded.alias if recorded is not None else "")
    check_alias(chosen)
    if gates is not None:
        return Promote(alias=chosen, gates=tuple(map(read_gate, gates)))
    assert recorded is not None
    return msgspec.structs.replace(recorded, alias=chosen)


def read_gate(text: str) -> Gate:
    """A gate from `metric=test/rmse,better_than=champion`. Raises UsageError."""
    pairs = dict(part.partition("=")[::2] for part in text.split(","))
    try:
        gate = msgspec.convert({key: float(value) if key in NUMBERS else value for key, value in pairs.items()}, Gate)
        problem = next(iter(gate_problems(gate)), None)
    except (msgspec.ValidationError, ValueError) as error:
        problem = (str(error), "write KEY=VALUE,… with the keys of a gate in a recipe")
    if problem is not None:
        raise UsageError("YT973", f"--gate {text}: {problem[0]}", problem[1])
    return gate
