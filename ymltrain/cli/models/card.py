"""`ymltrain models card`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command("card", epilog=examples("ymltrain models card diamonds-price@champion"))
@click.argument("version", metavar="NAME@VERSION")
@registry_options
def command(version: str, place: Place, *, as_json: bool) -> int:
    """Print the model card of a version, and what the registry knows of it: state, aliases, gates, lineage."""
    from ymltrain.registry.cards import registry_card
    from ymltrain.report.console import write_json, write_text

    registry = place.open()
    card = registry_card(registry, registry.resolve(version))
    if as_json:
        write_json({"version": version, "card": card})
    else:
        write_text(card)
    return 0
