"""`ymltrain runs export`: a finished record to a tracker."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options


@click.command(
    "export",
    epilog=examples(
        "ymltrain runs export latest --to mlflow tracking_uri=http://127.0.0.1:5000", "ymltrain runs export latest --to csv"
    ),
)
@click.argument("run")
@click.argument("params", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--to", "tracker", required=True, metavar="TRACKER", help="Which tracker: csv, tensorboard, mlflow, or one of a plugin."
)
@common_options
def export(
    run: str, params: tuple[str, ...], tracker: str, plugins: tuple[Path, ...], workspace: Path | None, as_json: bool
) -> int:
    """Replay the record of a run into a tracker, as if it had listened. KEY=VALUE are the tracker's params."""
    import os

    from ymltrain.catalog.catalog import Catalog
    from ymltrain.record.find import find_run
    from ymltrain.record.replay import build_tracker, replay
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.console import tell, write_json

    found = find_run(find_workspace(workspace), run)
    listener = build_tracker(Catalog.installed(plugins), tracker, params, os.environ)
    told = replay(found, tracker, listener)
    if as_json:
        write_json({"run_id": found.run_id, "tracker": tracker, "values": told})
    else:
        tell(f"{told:,} values of {found.run_id} given to {tracker}")
    return 0
