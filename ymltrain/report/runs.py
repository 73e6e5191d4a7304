"""Runs as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ymltrain.record.query import column_reader
from ymltrain.report.columns import draw_rows
from ymltrain.report.console import draw, say, tell
from ymltrain.report.numbers import chosen, counted, figure, seconds
from ymltrain.report.settings import value_text
from ymltrain.report.tables import Form, show_table, shown_ids

_STYLES = {"done": "green", "failed": "red", "crashed": "red", "damaged": "red", "running": "cyan"}


def show_runs(summaries: Sequence[Mapping[str, Any]], workspace: Path) -> None:
    """One line a run."""
    if not summaries:
        say(f"no runs in {workspace / 'runs'}; start one with `ymltrain fit RECIPE`")
        return
    ids = shown_ids([summary["run_id"] for summary in summaries])
    rows = [
        (
            run_id,
            summary["name"],
            (summary["status"], _STYLES.get(summary["status"], "yellow")),
            summary["created"][:16].replace("T", " "),
            seconds(summary["duration"]) if summary["duration"] is not None else "",
            _main_metrics(summary["metrics"]),
            _model(summary["model"]),
        )
        for run_id, summary in zip(ids, summaries, strict=True)
    ]
    draw_rows(("run", "name", "status", "created", "took", "metrics", "model"), rows, yielding=(5, 1, 6))
    for summary in summaries:
        if summary["status"] == "damaged":
            say((f"{summary['run_id']}: {summary['error']['message']}", "red"))


def show_columns(summaries: Sequence[Mapping[str, Any]], columns: Sequence[str], form: Form) -> None:
    """The columns that were asked for, or the run's own and all metrics."""
    if not columns:
        metrics = dict.fromkeys(name for summary in summaries for name in summary["metrics"])
        columns = ("name", "status", "created", "duration", *(f"metrics.{name}" for name in metrics))
    ids = [summary["run_id"] for summary in summaries]
    shown = shown_ids(ids) if form == "table" else ids
    readers = [_shown_column(column) for column in columns]
    rows = [[run_id, *(read(summary) for read in readers)] for run_id, summary in zip(shown, summaries, strict=True)]
    show_table(["run", *(column.removeprefix("metrics.") for column in columns)], rows, form)


def _shown_column(column: str) -> Callable[[Mapping[str, Any]], Any]:
    read = column_reader(column)
    return (lambda summary: chosen(read(summary))) if column.startswith("params.") else read


def show_run(summary: Mapping[str, Any]) -> None:
    """Everything the record says of a run, for a person."""
    from rich.table import Table

    tell((f"{summary['name']}  {summary['run_id']}  {summary['status']}", "bold"))
    created = summary["created"][:19].replace("T", " ")
    tell(f"created {created} UTC, {counted(summary['attempts'], 'attempt')}, {seconds(summary['duration'])}")
    tell(f"in      {summary['run_dir']}")
    if summary["model"] is not None:
        tell(f"model   {_model(summary['model'])}")
    for name, value in summary.get("tags", {}).items():
        tell(f"tag     {name}{'=' if value else ''}{value}")
    for note in summary.get("notes", ()):
        tell(f"note    {note}")
    for damage in summary.get("damage", ()):
        tell((f"damaged {damage}", "red"))
    if summary["error"] is not None:
        tell((f"error   [{summary['error']['code']}] {summary['error']['message']}", "red"))
    baselines = summary.get("baselines", {})
    table = Table("metric", "value", *(f"baseline: {name}" for name in baselines), box=None, pad_edge=False)
    for name, value in summary["metrics"].items():
        table.add_row(name, figure(value), *(figure(scores[name]) if name in scores else "" for scores in baselines.values()))
    tell()
    draw(table)
    table = Table("param", "value", box=None, pad_edge=False)
    for name, value in summary["params"].items():
        table.add_row(name, value_text(value))
    tell()
    draw(table)


def _main_metrics(metrics: Mapping[str, Any]) -> str:
    """Those of the test split, else of validation."""
    for part in ("test/", "val/", "train/"):
        shown = [f"{name} {figure(value)}" for name, value in metrics.items() if name.startswith(part)]
        if shown:
            return "  ".join(shown)
    return ""


def _model(model: Mapping[str, Any] | None) -> str:
    return "" if model is None else f"{model['name']}@{model['version']}"
