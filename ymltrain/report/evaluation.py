"""An evaluation for a terminal, as a document and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from ymltrain.diagnostics import UsageError
from ymltrain.record.evaluation import Estimate, EvaluationRecord, SliceFigures, encode_evaluation
from ymltrain.report.console import draw, tell
from ymltrain.report.numbers import figure
from ymltrain.report.text import shorten
from ymltrain.storage.atomic import write_durably

FEW_ROWS = 30
"""Slices with fewer rows are marked: their figures say little."""


def evaluation_as_json(record: EvaluationRecord) -> dict[str, Any]:
    """The document of `evaluate --json`."""
    document: dict[str, Any] = msgspec.to_builtins(record)
    return document


def write_evaluation(path: Path, record: EvaluationRecord) -> None:
    """The document or the page, by the suffix of the file. Raises UsageError when it cannot be written."""
    if path.suffix.lower() == ".html":
        from ymltrain.report.html import write_page
        from ymltrain.report.pages.evaluation import evaluation_page

        write_page(path, evaluation_page(record))
        return
    try:
        write_durably(path, encode_evaluation(record))
    except OSError as error:
        raise UsageError("YT819", f"{path} cannot be written: {error.strerror}", "choose another place") from None


def show_evaluation(record: EvaluationRecord, output: Path | None) -> None:
    """Metrics with intervals beside the baselines, then the slices."""
    from rich.table import Table

    tell((f"{record.model}", "bold"), f" on {measured_on(record)}")
    interval = [interval_title(record)] if record.resamples else []
    table = Table("", "model", *interval, *record.baselines, box=None, pad_edge=False)
    for name, estimate in record.metrics.items():
        bounds = [interval_text(estimate)] if record.resamples else []
        table.add_row(name, figure(estimate.value), *bounds, *(figure(scores.get(name)) for scores in record.baselines.values()))
    draw(table)
    if record.slices:
        tell()
        _show_slices(record)
    if output is not None:
        tell(f"written to {output}")


def measured_on(record: EvaluationRecord) -> str:
    """Rows, or texts and their tokens; and what was left out."""
    rows = f"{record.rows:,} texts of {record.tokens:,} tokens" if record.tokens else f"{record.rows:,} rows"
    lost = f", {record.rows_without_target:,} without a target left out" if record.rows_without_target else ""
    return rows + lost


def _show_slices(record: EvaluationRecord) -> None:
    """The first metric with its interval and the best baseline's that knows what the model sees, then the others."""
    from rich.table import Table

    first, *others = record.metrics
    interval = [interval_title(record)] if record.resamples else []
    rivals = [name for name in record.baselines if name in ("linear", "bigram")]
    table = Table(
        "slice",
        "tokens" if record.tokens else "rows",
        first,
        *interval,
        *(f"{first}: {name}" for name in rivals),
        *others,
        box=None,
        pad_edge=False,
    )
    for one in record.slices:
        estimate = one.metrics[first]
        table.add_row(
            shorten(one.title),
            rows_text(one),
            figure(estimate.value),
            *([interval_text(estimate)] if record.resamples else []),
            *(figure(one.baselines.get(name, {}).get(first)) for name in rivals),
            *(figure(one.metrics[name].value) for name in others),
        )
    draw(table)
    if any(is_small(one) for one in record.slices):
        tell((f"* fewer than {FEW_ROWS} rows: the figures say little", "dim"))


def interval_title(record: EvaluationRecord) -> str:
    """What stands above intervals: 95 % interval."""
    return f"{100 * record.confidence:g} % interval"


def interval_text(estimate: Estimate) -> str:
    """An interval on one line."""
    return "" if estimate.low is None else f"{figure(estimate.low)} to {figure(estimate.high)}"


def rows_text(one: SliceFigures) -> str:
    """How many rows a slice has, marked where they are few; of texts the tokens."""
    return f"{one.tokens or one.rows:,}{' *' if is_small(one) else ''}"


def is_small(one: SliceFigures) -> bool:
    """Whether a slice is too small for its figures to say much."""
    return (one.tokens or one.rows) < FEW_ROWS
