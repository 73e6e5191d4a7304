"""What differed, what was done again, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from ymltrain.report.console import draw, say, tell
from ymltrain.report.text import shorten
from ymltrain.reproduce.circumstances import Difference
from ymltrain.reproduce.reproduce import Reproduction

SHOWN = 24


def show_differences(differences: Sequence[Difference], headline: str = "since then") -> None:
    """One line each, on standard error, before anything is run."""
    if not differences:
        say(("nothing differs: code, packages, hardware, settings and data are those of then", "green"))
        return
    say((f"{len(differences)} differences {headline}:", "bold"))
    for difference in differences[:SHOWN]:
        style = "yellow" if difference.matters else "dim"
        say((f"  {difference.area:<9} {difference.what}: {_text(difference.was)} → {_text(difference.now)}", style))
    if len(differences) > SHOWN:
        say((f"  and {len(differences) - SHOWN} more; --json has all", "dim"))


def differences_as_json(differences: Sequence[Difference]) -> list[dict[str, Any]]:
    """All of them, for programs."""
    return [
        {"area": found.area, "what": found.what, "was": found.was, "is": found.now, "matters": found.matters}
        for found in differences
    ]


def as_json(result: Reproduction) -> dict[str, Any]:
    """The document of `reproduce --json`."""
    compared = result.comparison
    return {
        "run_id": result.run_id,
        "again": {"run_id": result.again, "run_dir": result.again_dir},
        "level": compared.level,
        "met": compared.is_met,
        "identical": compared.is_identical,
        "tensor_digest": _pair(compared.tensor_digest),
        "metrics_digest": _pair(compared.metrics_digest),
        "metrics": _pair(compared.metrics),
        "differences": [
            {"what": found.what, "was": msgspec.to_builtins(found.was), "is": msgspec.to_builtins(found.now)}
            for found in compared.differences
        ],
        "then_and_now": differences_as_json(result.then_and_now),
        "restored": list(result.restored),
        "not_restored": list(result.not_restored),
    }


def show_result(result: Reproduction) -> None:
    """The verdict first, then both digests, then where the runs parted."""
    from rich.table import Table

    compared = result.comparison
    for root in result.restored:
        say(f"code of {root} was restored")
    for words in result.not_restored:
        say((f"not restored: {words}", "yellow"))
    if compared.is_identical:
        tell((f"reproduced: identical to the bit (level {compared.level})", "bold green"))
    elif compared.is_met:
        tell((f"reproduced: level {compared.level} is met, not identical", "bold green"))
    else:
        tell((f"NOT reproduced: level {compared.level} is not met", "bold red"))
    table = Table("", "was", "is", box=None, pad_edge=False)
    for words, pair in (
        ("run", (result.run_id, result.again)),
        ("tensors", compared.tensor_digest),
        ("metrics", compared.metrics_digest),
    ):
        table.add_row(words, *map(_text, pair))
    for name in compared.metrics[0]:
        table.add_row(name, *(_text(side.get(name)) for side in compared.metrics))
    draw(table)
    if compared.differences:
        first = compared.differences[0]
        tell((f"first difference: {first.what}: {_text(first.was)} → {_text(first.now)}", "bold"))
        for other in compared.differences[1:]:
            tell(f"  then {other.what}: {_text(other.was)} → {_text(other.now)}")


def _pair(values: tuple[Any, Any]) -> dict[str, Any]:
    return {"was": values[0], "is": values[1]}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return shorten(value, 80)
    return "nothing" if value is None else shorten(json.dumps(msgspec.to_builtins(value), ensure_ascii=False), 80)
