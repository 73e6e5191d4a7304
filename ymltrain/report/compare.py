"""Runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ymltrain.record.grouping import telling
from ymltrain.report.console import say, tell
from ymltrain.report.numbers import chosen, figure
from ymltrain.report.reproduce import differences_as_json
from ymltrain.report.tables import Form, cell_text, show_table, shown_ids
from ymltrain.reproduce.diff import RunDiff

SIDE_BY_SIDE = 4


def show_comparison(summaries: Sequence[Mapping[str, Any]], found: Mapping[str, Mapping[str, Sequence[Any]]], form: Form) -> None:
    """Up to four runs as columns, more of them as lines."""
    params = {key: list(map(chosen, values)) for key, values in found["params"].items()}
    rows = [*params.items(), *found["metrics"].items(), *found["tags"].items()]
    if not rows:
        say("these runs differ in no param, metric or tag; --all shows what they have in common")
        return
    ids = [summary["run_id"] for summary in summaries]
    ids = shown_ids(ids) if form == "table" else ids
    if len(ids) <= SIDE_BY_SIDE:
        show_table(["", *ids], [[key, *values] for key, values in rows], form)
    else:
        show_table(
            ["run", *(key for key, _ in rows)], [[run, *(values[n] for _, values in rows)] for n, run in enumerate(ids)], form
        )


def show_groups(groups: Sequence[Mapping[str, Any]], form: Form) -> None:
    """Runs that differ in nothing but their seed as one line."""
    show_table(*group_table(groups), form)


def group_table(groups: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows: how many runs, their seeds, what tells the group from others, mean ± sd of each metric."""
    keys = dict.fromkeys(key for group in groups for key in group["params"])
    params = {key: [group["params"].get(key) for group in groups] for key in keys}
    shown = telling({key: values for key, values in params.items() if any(value != values[0] for value in values)})
    metrics = list(dict.fromkeys(name for group in groups for name in group["metrics"]))
    rows = [
        [
            number,
            len(group["runs"]),
            ", ".join(map(str, sorted(group["seeds"], key=str))),
            *(chosen(group["params"].get(key)) for key in shown),
            *(_spread(group["metrics"].get(name)) for name in metrics),
        ]
        for number, group in enumerate(groups, 1)
    ]
    return ["group", "runs", "seeds", *shown, *metrics], rows


def diff_as_json(found: RunDiff) -> dict[str, Any]:
    """The document of `runs diff --json`."""
    pairs = {
        name: {key: {"a": pair[0], "b": pair[1]} for key, pair in getattr(found, name).items()} for name in ("params", "metrics")
    }
    point = found.first_point
    return {
        "a": found.a,
        "b": found.b,
        "identical": found.is_identical,
        "cause": found.cause,
        **pairs,
        "recipe": found.recipe,
        "code": found.code,
        "data": differences_as_json(found.data),
        "environment": differences_as_json(found.environment),
        "first_point": None if point is None else {"what": point.what, "a": point.was, "b": point.now},
    }


def show_diff(found: RunDiff) -> None:
    """The cause first, then all that differs."""
    tell((f"likely cause: {found.cause}", "bold"))
    params = {key: tuple(map(chosen, pair)) for key, pair in found.params.items()}
    for title, pairs in (("param", params), ("metric", found.metrics)):
        if pairs:
            tell()
            show_table([title, found.a, found.b], [[key, *pair] for key, pair in pairs.items()], "table")
    for title, differences in (("data", found.data), ("environment", found.environment)):
        if differences:
            tell()
            rows = [[difference.what, difference.was, difference.now] for difference in differences]
            show_table([title, found.a, found.b], rows, "table")
    if found.first_point is not None:
        point = found.first_point
        tell()
        tell(f"the metrics part at {point.what}: {cell_text(point.was)} → {cell_text(point.now)}")
    for text in (found.recipe, found.code):
        if text:
            tell()
            for line in text.splitlines():
                tell((line, {"+": "green", "-": "red"}.get(line[:1], "")))


def _spread(spread: Mapping[str, Any] | None) -> str:
    if spread is None or spread["mean"] is None:
        return "—"
    return figure(spread["mean"]) + (f" ± {figure(spread['sd'])}" if spread["sd"] is not None else "")
