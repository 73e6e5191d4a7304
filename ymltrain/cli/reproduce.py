"""`ymltrain reproduce`: a run again, and whether the same came out."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options

NOT_MET = 5


@click.command(
    "reproduce", epilog=examples("ymltrain reproduce latest", "ymltrain reproduce 01M8ADHR --level statistical --tolerance 0.02")
)
@click.argument("run")
@click.option(
    "--level", type=click.Choice(["bitwise", "same-hardware", "statistical"]), help="Hold it to another level than it declares."
)
@click.option(
    "--tolerance", type=click.FloatRange(min=0), default=0.05, show_default=True, help="For statistical: of each metric, relative."
)
@click.option("--dry-run", is_flag=True, help="Say what differs from then, and run nothing.")
@click.option("--no-restore", is_flag=True, help="Run with the present code, whatever differs.")
@click.option("--trust-code", is_flag=True, help="Run patches and plugin files that a run from elsewhere brings.")
@common_options
def command(
    run: str,
    level: str | None,
    tolerance: float,
    dry_run: bool,
    no_restore: bool,
    trust_code: bool,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Say what differs between RUN's time and now, restore its code where it can be, run it again, and compare.

    Code is restored in a git worktree at its commit, with the changes of then. Nothing is registered, no tracker hears
    of it. Exit codes: 0 the run's level was met, 5 it was not, 1 and 2 it could not be done again.
    """
    from ymltrain.record.find import find_run
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.console import say, write_json
    from ymltrain.report.reproduce import as_json as result_as_json
    from ymltrain.report.reproduce import differences_as_json, show_differences, show_result
    from ymltrain.reproduce.reproduce import Request, look_back, reproduce

    folder = find_workspace(workspace)
    request = Request(
        run=find_run(folder, run),
        workspace=folder,
        plugins=plugins,
        level=level,  # type: ignore[arg-type]  # click allows no other words
        tolerance=tolerance,
        trusts_code=trust_code,
        restores_code=not no_restore,
    )
    then_and_now = look_back(request)
    show_differences(then_and_now)
    if dry_run:
        if as_json:
            write_json({"run_id": request.run.run_id, "then_and_now": differences_as_json(then_and_now)})
        return 0
    result = reproduce(request, then_and_now, lambda line: say((f"  {line}", "dim")))
    if as_json:
        write_json(result_as_json(result))
    else:
        show_result(result)
    return 0 if result.comparison.is_met else NOT_MET
