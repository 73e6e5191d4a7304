"""Models and their versions as tables and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ymltrain.registry.state import ModelState
from ymltrain.report.console import draw, say, tell
from ymltrain.report.numbers import figure


def model_as_json(state: ModelState) -> dict[str, Any]:
    """The document of `models show --json`."""
    return {
        "name": state.name,
        "versions": [msgspec.to_builtins(version) for version in state.versions],
        "aliases": dict(sorted(state.aliases.items())),
        "description": state.description,
        "tags": state.tags,
        "unknown_ops": list(state.unknown_ops),
    }


def show_models(states: Sequence[ModelState]) -> None:
    """One line a model."""
    from rich.table import Table

    if not states:
        say("no models are registered; `ymltrain fit` registers one when its recipe has a `registry`")
        return
    table = Table("model", "versions", "aliases", "newest", box=None, pad_edge=False)
    for state in states:
        aliases = ", ".join(f"{alias} → {number}" for alias, number in sorted(state.aliases.items()))
        table.add_row(state.name, str(len(state.versions)), aliases, state.versions[-1].created.strftime("%Y-%m-%d %H:%M"))
    draw(table)


def show_model(state: ModelState) -> None:
    """One line a version, the newest first."""
    from rich.table import Table

    tell((state.name, "bold"))
    if state.unknown_ops:
        written = ", ".join(state.unknown_ops)
        say((f"a newer ymltrain wrote to this model ({written}): its aliases may point elsewhere", "yellow"))
    table = Table("version", "aliases", "metrics", "run", "created", "digest", box=None, pad_edge=False)
    for version in reversed(state.versions):
        metrics = "  ".join(f"{name} {figure(value)}" for name, value in version.metrics.items() if name.startswith("test/"))
        table.add_row(
            f"{version.version}" if version.state == "active" else f"{version.version} ({version.state})",
            ", ".join(version.aliases),
            metrics,
            version.run_id or "",
            version.created.strftime("%Y-%m-%d %H:%M"),
            version.digest[:19],
        )
    draw(table)
