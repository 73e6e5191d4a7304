"""`ymltrain runs`: the runs of a workspace."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options


@click.group("runs", epilog=examples("ymltrain runs ls", "ymltrain runs show latest"))
def command() -> None:
    """List the runs of the workspace, or show one."""


@command.command("ls", epilog=examples("ymltrain runs ls diamonds-price"))
@click.argument("name", required=False)
@common_options
def ls(
    name: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """List all runs (of the recipe NAME), the newest first, with their status and metrics."""
    del plugins
    from ymltrain.record.find import find_runs
    from ymltrain.record.summary import summarize_or_tell
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.console import write_json
    from ymltrain.report.runs import show_runs

    folder = find_workspace(workspace)
    summaries = [summarize_or_tell(run) for run in reversed(find_runs(folder)) if name in (None, run.name)]
    if as_json:
        write_json(summaries)
    else:
        show_runs(summaries, folder)
    return 0


@command.command("show", epilog=examples("ymltrain runs show latest"))
@click.argument("run")
@common_options
def show(
    run: str,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Show a run: its status, metrics and params. RUN is a run id, a unique prefix of one, a path, or `latest`."""
    del plugins
    from ymltrain.record.find import find_run
    from ymltrain.record.summary import summarize
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.console import write_json
    from ymltrain.report.runs import show_run

    summary = summarize(find_run(find_workspace(workspace), run))
    if as_json:
        write_json(summary)
    else:
        show_run(summary)
    return 0
