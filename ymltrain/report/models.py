"""Models and their versions as tables and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ymltrain.registry.state import ModelState, Version
from ymltrain.registry.summary import Summary
from ymltrain.report.console import draw, say, tell
from ymltrain.report.numbers import figure


def model_as_json(state: ModelState) -> dict[str, Any]:
    """The document of `models show --json`."""
    return {
        "name": state.name,
        "versions": [msgspec.to_builtins(version) for version in state.versions],
        "aliases": dict(sorted(state.aliases.items())),
        "protected": list(state.protected),
        "description": state.description,
        "tags": state.tags,
        "unknown_ops": list(state.unknown_ops),
    }


def version_as_json(version: Version) -> dict[str, Any]:
    """A version as `models show --json` lists it."""
    document: dict[str, Any] = msgspec.to_builtins(version)
    return document


def summary_as_json(model: Summary) -> dict[str, Any]:
    """One entry of `models ls --json`."""
    return {
        "name": model.name,
        "count": model.count,
        "newest": msgspec.to_builtins(model.newest),
        "aliases": model.aliases,
        "protected": list(model.protected),
        "description": model.description,
        "tags": model.tags,
        "unknown_ops": list(model.unknown_ops),
    }


def show_models(models: Sequence[Summary]) -> None:
    """One line a model."""
    from rich.table import Table

    if not models:
        say("no models are registered; `ymltrain fit` registers one when its recipe has a `registry`")
        return
    table = Table("model", "versions", "aliases", "newest", box=None, pad_edge=False)
    for model in models:
        aliases = ", ".join(f"{alias} → {number}" for alias, number in sorted(model.aliases.items()))
        newest = "" if model.newest is None else model.newest.created.strftime("%Y-%m-%d %H:%M")
        table.add_row(model.name, str(model.count), aliases, newest)
    draw(table)


def show_model(state: ModelState) -> None:
    """One line a version, the newest first."""
    from rich.table import Table

    tell((state.name, "bold"), f"  {state.description}" if state.description else "")
    if state.tags:
        tell("tags  ", _tags(state.tags))
    if state.protected:
        tell("protected  ", ", ".join(state.protected))
    if state.unknown_ops:
        written = ", ".join(state.unknown_ops)
        say((f"a newer ymltrain wrote to this model ({written}): its aliases may point elsewhere", "yellow"))
    table = Table("version", "state", "aliases", "metrics", "run", "created", "digest", box=None, pad_edge=False)
    for version in reversed(state.versions):
        metrics = "  ".join(f"{name} {figure(value)}" for name, value in version.metrics.items() if name.startswith("test/"))
        table.add_row(
            str(version.version),
            version.state,
            ", ".join(version.aliases),
            metrics,
            version.run_id or "",
            version.created.strftime("%Y-%m-%d %H:%M"),
            version.digest[:19],
        )
    draw(table)
    for version in reversed(state.versions):
        _show_notes(version)
    for version in reversed(state.versions):
        if version.slices and (version.aliases or version is state.versions[-1]):
            _show_slices(version)


def _show_slices(version: Version) -> None:
    """What a version scores in each slice of its test rows, beside the same of all rows."""
    from rich.table import Table

    names = list(version.slices[0].metrics)
    tell()
    tell((f"slices of {version}", "bold"))
    table = Table("slice", "rows", *names, box=None, pad_edge=False)
    for one in version.slices:
        table.add_row(one.name, f"{one.rows:,}", *(figure(one.metrics.get(name)) for name in names))
    table.add_row("all rows", "", *(figure(version.metrics.get(name)) for name in names))
    draw(table)


def _show_notes(version: Version) -> None:
    notes = [version.description, _tags(version.tags), f"{version.state}: {version.reason}" if version.reason else ""]
    for note in filter(None, notes):
        tell((f"{version}  ", "dim"), note)


def _tags(tags: dict[str, str]) -> str:
    return "  ".join(f"{key}={value}" for key, value in sorted(tags.items()))
