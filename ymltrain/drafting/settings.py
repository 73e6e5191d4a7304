"""Split, model and training that fit a table of this size and kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from ymltrain.catalog.catalog import Catalog
from ymltrain.compiler.look import DEFAULT_METRICS
from ymltrain.data.assignment import assign_rows, split_columns, surveyed
from ymltrain.data.blocks import read_blocks
from ymltrain.data.reading import column_values
from ymltrain.data.tally import count_rows
from ymltrain.diagnostics import DataError
from ymltrain.drafting.findings import ColumnDraft, Finding, Sure
from ymltrain.drafting.target import TargetDraft
from ymltrain.kinds.contracts import ColumnRoles, Datasource
from ymltrain.plan.seeds import derive_seed
from ymltrain.plan.shapes import Reading

FEWEST_ROWS = 10
FEW_ROWS = 1_000
STRATIFIED_BELOW = 50_000
PLAIN_FROM = 500_000
MOMENTS = 50
NO_EVENT = ("birth", "dob", "born", "geb")


@dataclass(frozen=True)
class SplitDraft:
    """How rows are split, why, and the seed under which each split of a small table has rows."""

    params: dict[str, Any]
    sure: Sure
    why: str
    event_time: str | None = None
    seed: int = 0
    findings: tuple[Finding, ...] = field(default=())


def draft_split(
    target: TargetDraft, columns: Sequence[ColumnDraft], values: Mapping[str, pl.Series], rows: int, *, is_all: bool
) -> SplitDraft:
    """By time where the rows have one, by class where classes are few or rows are, else by what a row holds."""
    times = [column for column in columns if column.type == "timestamp"]
    timed = [column.name for column in times if not column.options and _is_event_time(column.name, values[column.name])]
    if len(times) == len(timed) == 1 and is_all and _has_all_classes(target, values[timed[0]]):
        why = "the latest rows test, as the model will be used; `stratified` or `hash` if time does not matter"
        return SplitDraft({"type": "time"}, "likely", why, event_time=timed[0])
    findings: tuple[Finding, ...] = ()
    if times:
        names = ", ".join(column.name for column in times)
        advice = "if the model will predict what comes later, write `event_time: COLUMN` and `split: time`"
        message = f"rows have times ({names}), and are split without regard to them"
        findings = (Finding(kind="time", sure="guess", message=message, advice=advice),)
    shares = {"train": 0.6, "val": 0.2, "test": 0.2} if rows < FEW_ROWS else {"train": 0.8, "val": 0.1, "test": 0.1}
    counts = target.classes.values()
    if target.classes and rows < STRATIFIED_BELOW and min(counts) > 2:
        return SplitDraft({"type": "stratified", **shares}, "likely", "each class has its share of each split", findings=findings)
    return SplitDraft({"type": "hash", **shares}, "likely", "a row stays in its split when the table grows", findings=findings)


def _is_event_time(name: str, moments: pl.Series) -> bool:
    is_other = any(word in name.lower() for word in NO_EVENT)
    return not is_other and not moments.null_count() and moments.n_unique() >= MOMENTS


def _has_all_classes(target: TargetDraft, moments: pl.Series) -> bool:
    """Whether a model that learns from the earliest rows has met all classes, and is judged on more than one."""
    if not target.classes:
        return True
    ordered = target.values.gather(moments.filter(target.is_present).arg_sort())
    ends = (round(0.8 * ordered.len()), round(0.9 * ordered.len()))
    parts = (ordered[: ends[0]], ordered[ends[0] : ends[1]], ordered[ends[1] :])
    return parts[0].n_unique() == len(target.classes) and all(part.n_unique() > 1 for part in parts[1:])


def seed_that_fills(split: SplitDraft, source: Datasource, catalog: Catalog, target: TargetDraft, reading: Reading) -> int | None:
    """The first seed under which each split of a small table gets rows with a target; None when none of a hundred does."""
    plugin = catalog.load("split", split.params["type"])
    params = {key: value for key, value in split.params.items() if key != "type"}
    drawing = plugin.implementation(plugin.params(**params))
    roles = ColumnRoles(target=(target.name,), event_time=split.event_time)
    looked_at = split_columns(source, drawing, roles)
    readings = {**{name: Reading(type="category") for name in looked_at}, target.name: reading}
    for seed in range(100):
        drawn = derive_seed(seed, "split")
        try:
            assigning = surveyed(drawing, source, {name: readings[name] for name in looked_at}, drawn)
            codes = []
            for first_row, block in read_blocks(source, readings):
                found = assign_rows(assigning, looked_at, block, first_row, drawn)
                codes.append(found[column_values(block, target.name).is_not_null().to_numpy()])
        except DataError:
            return None
        counts = count_rows(np.concatenate(codes))[:3]
        wanted = [share * counts.sum() for share in drawing.fractions]
        if all(count >= max(1, 0.5 * want) for count, want in zip(counts, wanted, strict=True)):
            return seed
    return None


@dataclass(frozen=True)
class TrainingDraft:
    """Model, optimizer (None: the model's own) and loop."""

    model: dict[str, Any]
    why: str
    optimizer: dict[str, Any] | None
    metrics: tuple[str, ...]
    max_epochs: int
    batch_size: int
    patience: int


def draft_training(target: TargetDraft, rows: int) -> TrainingDraft:
    """The model that is advised for tables with its own settings, or where that would train for hours a plain network."""
    metrics = DEFAULT_METRICS[target.task]
    if rows < PLAIN_FROM:
        why = "several networks in one, with an optimizer and encoders of its own; `mlp` trains faster"
        batch_size = next((size for below, size in ((1_000, 32), (50_000, 128)) if rows < below), 1_024)
        return TrainingDraft({"type": "tabular"}, why, None, metrics, max_epochs=60, batch_size=batch_size, patience=12)
    why = "quick to train; `tabular` is often more exact, and takes several times as long"
    model = {"type": "mlp", "hidden": [256, 128], "dropout": 0.1}
    return TrainingDraft(model, why, {"type": "adamw", "lr": 1e-3}, metrics, max_epochs=20, batch_size=1_024, patience=3)
