"""`ymltrain runs`: the runs of a workspace."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options
from ymltrain.cli.runs_compare import compare, diff
from ymltrain.cli.runs_export import export
from ymltrain.cli.runs_keep import archive, gc, note, rm, tag


@click.group("runs", epilog=examples("ymltrain runs ls", "ymltrain runs show latest", "ymltrain runs compare latest 01M8ADHR"))
def command() -> None:
    """List, compare, label, export and remove the runs of the workspace."""


@command.command(
    "ls",
    epilog=examples(
        "ymltrain runs ls diamonds-price",
        "ymltrain runs ls --filter 'metrics.val/rmse<600 and params.model.type=mlp' --sort val/rmse",
        "ymltrain runs ls --columns min:val/loss,min:val/loss@step,params.optimizer.lr --csv",
    ),
)
@click.argument("name", required=False)
@click.option("--filter", "wanted", metavar="FILTER", help="Only runs for which this holds: metrics.val/rmse<600 and status=done.")
@click.option("--sort", metavar="COLUMN", help="By a column, the lowest first; -COLUMN turns it round.")
@click.option(
    "--columns", metavar="COLUMNS", help="What to show, separated by commas: val/rmse, min:val/loss, best@epoch, params.seed."
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many.")
@click.option("--archived", is_flag=True, help="Those that were put away, too.")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV.")
@click.option("--md", "as_md", is_flag=True, help="Write a Markdown table.")
@common_options
def ls(
    name: str | None,
    wanted: str | None,
    sort: str | None,
    columns: str | None,
    limit: int | None,
    archived: bool,
    as_csv: bool,
    as_md: bool,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """List all runs (of the recipe NAME), the newest first, with their status and metrics."""
    del plugins
    from ymltrain.record.index import list_runs, whole_summaries
    from ymltrain.record.query import parse_filter, sort_runs
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.console import write_json
    from ymltrain.report.runs import show_columns, show_runs

    folder = find_workspace(workspace)
    holds = parse_filter(wanted) if wanted else lambda _: True
    found = [run for run in list_runs(folder) if name in (None, run["name"]) and (archived or not run["archived"]) and holds(run)]
    shown = (sort_runs(found, sort) if sort else found)[:limit]
    if as_json:
        write_json(whole_summaries(shown))
    elif as_csv or as_md or columns:
        chosen = tuple(column.strip() for column in columns.split(",") if column.strip()) if columns else ()
        show_columns(shown, chosen, "csv" if as_csv else "md" if as_md else "table")
    else:
        show_runs(shown, folder)
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
    from ymltrain.record.index import full_summary
    from ymltrain.record.summary import summarize
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.console import write_json
    from ymltrain.report.runs import show_run

    found = find_run(find_workspace(workspace), run)
    summarize(found)  # of one run, damage is an error
    summary = full_summary(found)
    if as_json:
        write_json(summary)
    else:
        show_run(summary)
    return 0


for verb in (compare, diff, tag, note, archive, rm, gc, export):
    command.add_command(verb)
