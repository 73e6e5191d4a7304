"""`ymltrain models review`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options

if TYPE_CHECKING:
    from ymltrain.registry.events import ReviewState


@click.command("review", epilog=examples('ymltrain models review diamonds-price@3 approved --reason "checked by risk"'))
@click.argument("version", metavar="NAME@VERSION")
@click.argument("state", type=click.Choice(["candidate", "approved", "rejected", "archived"]))
@click.option("--reason", metavar="TEXT", default="", help="Why; it is recorded.")
@registry_options
def command(version: str, state: str, reason: str, place: Place, *, as_json: bool) -> int:
    """Give a version its place in a review. No alias moves to one that is rejected or archived."""
    from ymltrain.report.console import tell, write_json
    from ymltrain.report.models import version_as_json

    registry = place.open()
    found = registry.resolve(version)
    registry.review(found.model, found.version, cast("ReviewState", state), reason=reason)
    now = registry.show(found.model).numbered(found.version)
    if as_json:
        write_json(version_as_json(now))
    else:
        tell((f"{now}  ", "bold"), now.state)
    return 0
