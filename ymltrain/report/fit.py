"""What a fit came to."""

from __future__ import annotations

from typing import Any

import msgspec

from ymltrain.fit.job import FitResult
from ymltrain.plan.plan import Plan
from ymltrain.report.console import draw, say, tell
from ymltrain.report.numbers import figure, seconds


def as_json(result: FitResult) -> dict[str, Any]:
    """The document of `fit --json`."""
    document: dict[str, Any] = msgspec.to_builtins(result)
    return document


def show_result(result: FitResult, plan: Plan) -> None:
    """Metrics, the registered version, and what to do next."""
    from rich.table import Table

    if result.status != "done":
        say((f"{result.status} at step {result.steps:,}; the state is saved", "bold yellow"))
        say(f"go on with: ymltrain fit --resume {result.run_id}")
        return
    parts = sorted({name.split("/", 1)[0] for name in result.metrics if "/" in name}, key=["train", "val", "test"].index)
    beside = [f"test: {name}" for name in result.baselines]
    table = Table("", *parts, *beside, box=None, pad_edge=False)
    for name in dict.fromkeys(name.split("/", 1)[1] for name in result.metrics):
        scores = (figure(found.get(f"test/{name}")) for found in result.baselines.values())
        table.add_row(name, *(figure(result.metrics.get(f"{part}/{name}")) for part in parts), *scores)
    draw(table)
    best = f", weights of epoch {result.best_epoch}" if plan.trainer.weights == "best" and result.best_epoch is not None else ""
    tell(f"{result.steps:,} steps in {seconds(result.timings.get('train', 0.0))}{best}")
    tell(f"run      {result.run_id}  {result.run_dir}")
    tell(f"tensors  {result.tensor_digest}")
    if result.model is not None:
        name = f"{result.model.name}@{result.model.version}"
        alias = f"  now {result.model.name}@{result.promoted}" if result.promoted else ""
        tell((f"model    {name}{alias}", "bold"))
        tell(f"predict  ymltrain predict {result.model.name}@{result.promoted or result.model.version} DATA -o predictions.csv")
    else:
        tell(f"predict  ymltrain predict {result.run_id} DATA -o predictions.csv")
