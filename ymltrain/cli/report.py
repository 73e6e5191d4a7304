"""`ymltrain report`: runs as one HTML page."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options


@click.command(
    "report",
    epilog=examples("ymltrain report latest", "ymltrain report --filter 'name=diamonds-price and status=done' -o prices.html"),
)
@click.argument("runs", nargs=-1, metavar="RUN...")
@click.option("--filter", "wanted", metavar="FILTER", help="All runs for which this holds, beside those named.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to write; for one run its own directory."
)
@common_options
def command(
    runs: tuple[str, ...],
    wanted: str | None,
    output: Path | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Write runs as one self-contained HTML page: curves, parallel coordinates, what differs, provenance, artifacts.

    It is one file that opens anywhere, without a server or the network. Needs the extra `report`.
    """
    del plugins
    from ymltrain.cli.chosen_runs import chosen_summaries
    from ymltrain.record.directory import RunDirectory
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.console import tell, write_json
    from ymltrain.report.html import write_page
    from ymltrain.report.pages.runs import ReportedRun, runs_page

    summaries = chosen_summaries(find_workspace(workspace), runs, wanted)
    if not summaries:
        raise click.UsageError("no run fits the filter")
    found = [ReportedRun(RunDirectory.open(Path(summary["run_dir"])), summary) for summary in summaries]
    path = output or (found[0].run.path / "report.html" if len(found) == 1 else Path("report.html"))
    write_page(path, runs_page(found))
    if as_json:
        write_json({"output": str(path), "runs": [entry.run.run_id for entry in found]})
    else:
        tell(f"{len(found)} {'run' if len(found) == 1 else 'runs'} written to {path}")
    return 0
