"""`ymltrain models yank`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command("yank", epilog=examples('ymltrain models yank diamonds-price@3 --reason "trained on leaked prices"'))
@click.argument("version", metavar="NAME@VERSION")
@click.option("--reason", required=True, metavar="TEXT", help="Why; whoever meets the version is told.")
@click.option("--undo", is_flag=True, help="Bring the version back.")
@registry_options
def command(version: str, reason: str, undo: bool, place: Place, as_json: bool) -> int:
    """Withdraw a version: it stays readable by number and digest, and no alias may move to it."""
    from ymltrain.report.console import tell, write_json
    from ymltrain.report.models import version_as_json

    registry = place.open()
    found = registry.resolve(version)
    registry.yank(found.model, found.version, reason=reason, is_yanked=not undo)
    now = registry.show(found.model).numbered(found.version)
    if as_json:
        write_json(version_as_json(now))
    else:
        tell((f"{now}  ", "bold"), now.state, f": {now.reason}" if now.reason else "")
    return 0
