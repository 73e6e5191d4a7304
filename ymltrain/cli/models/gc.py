"""`ymltrain models gc`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command("gc", epilog=examples("ymltrain models gc", "ymltrain models gc --delete"))
@click.option("--delete", is_flag=True, help="Delete it; otherwise it is only listed.")
@click.option(
    "--grace", type=click.FloatRange(min=0), default=7.0, show_default=True, metavar="DAYS", help="Leave what is younger."
)
@registry_options
def command(grace: float, place: Place, *, delete: bool, as_json: bool) -> int:
    """List content that no version of any model refers to, and with --delete remove it.

    Registrations may go on meanwhile. What a yanked version refers to stays.
    """
    from datetime import UTC, datetime, timedelta

    from msgspec import to_builtins

    from ymltrain.registry.gc import collect_garbage
    from ymltrain.report.console import write_json
    from ymltrain.report.integrity import show_garbage

    found = collect_garbage(place.open(), datetime.now(UTC), grace=timedelta(days=grace), delete=delete)
    if as_json:
        write_json(to_builtins(found))
    else:
        show_garbage(found)
    return 0
