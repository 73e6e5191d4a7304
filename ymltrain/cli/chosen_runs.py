"""The runs that a command line chooses: by name, by filter, or both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ymltrain.record.find import find_run
from ymltrain.record.index import full_summary, list_runs, whole_summaries
from ymltrain.record.query import parse_filter


def chosen_summaries(workspace: Path, runs: Sequence[str], wanted: str | None) -> list[dict[str, Any]]:
    """Summaries of the runs named, then of those for which the filter holds; each once.

    Raises UsageError as `find_run` and `parse_filter` do.
    """
    if not runs and not wanted:
        raise click.UsageError("name runs, or choose them with --filter")
    named = [full_summary(find_run(workspace, run)) for run in runs]
    holds = parse_filter(wanted) if wanted else None
    filtered = [] if holds is None else [run for run in list_runs(workspace) if not run["archived"] and holds(run)]
    return list({summary["run_id"]: summary for summary in [*named, *whole_summaries(filtered)]}.values())
