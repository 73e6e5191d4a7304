"""`ymltrain runs compare` and `ymltrain runs diff`."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options


@click.command(
    "compare",
    epilog=examples("ymltrain runs compare latest 01M8ADHR", "ymltrain runs compare --filter 'name=diamonds-price' --group"),
)
@click.argument("runs", nargs=-1, metavar="RUN...")
@click.option("--filter", "wanted", metavar="FILTER", help="All runs for which this holds, beside those named.")
@click.option("--all", "shows_all", is_flag=True, help="Also what is equal in all of them.")
@click.option("--group", is_flag=True, help="Nothing but groups: runs that differ in their seed alone as one line.")
@click.option("--csv", "as_csv", is_flag=True, help="Write CSV.")
@click.option("--md", "as_md", is_flag=True, help="Write a Markdown table.")
@common_options
def compare(
    runs: tuple[str, ...],
    wanted: str | None,
    shows_all: bool,
    group: bool,
    as_csv: bool,
    as_md: bool,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Show in what params, metrics and tags runs differ; up to four side by side, more of them as lines.

    Below, runs that differ in nothing but the seed are one line each: mean ± standard deviation of their metrics.
    """
    del plugins
    from ymltrain.cli.chosen_runs import chosen_summaries
    from ymltrain.record.grouping import differing, group_repeats
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.compare import show_comparison, show_groups
    from ymltrain.report.console import tell, write_json
    from ymltrain.report.tables import Form

    summaries = chosen_summaries(find_workspace(workspace), runs, wanted)
    found, groups = differing(summaries, shows_all=shows_all), group_repeats(summaries)
    form: Form = "csv" if as_csv else "md" if as_md else "table"
    if as_json:
        write_json({"runs": [summary["run_id"] for summary in summaries], **found, "groups": groups})
    elif group:
        show_groups(groups, form)
    else:
        show_comparison(summaries, found, form)
        if form == "table" and any(len(repeats["runs"]) > 1 for repeats in groups):
            tell()
            show_groups(groups, form)
    return 0


@click.command("diff", epilog=examples("ymltrain runs diff 01M8ADHR latest"))
@click.argument("a")
@click.argument("b")
@click.option("--all", "shows_all", is_flag=True, help="Also params and metrics that are equal.")
@common_options
def diff(a: str, b: str, shows_all: bool, plugins: tuple[Path, ...], workspace: Path | None, as_json: bool) -> int:
    """Show all in which two runs differ (recipe, code, data, environment, metrics) and the likely cause."""
    del plugins
    from ymltrain.record.find import find_run
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.compare import diff_as_json, show_diff
    from ymltrain.report.console import write_json
    from ymltrain.reproduce.diff import diff_runs

    folder = find_workspace(workspace)
    found = diff_runs(find_run(folder, a), find_run(folder, b), shows_all=shows_all)
    if as_json:
        write_json(diff_as_json(found))
    else:
        show_diff(found)
    return 0
