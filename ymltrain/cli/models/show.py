"""`ymltrain models show`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command("show", epilog=examples("ymltrain models show diamonds-price"))
@click.argument("name")
@registry_options
def command(name: str, place: Place, *, as_json: bool) -> int:
    """Show all versions of a model with their metrics, states and aliases."""
    from ymltrain.report.console import write_json
    from ymltrain.report.models import model_as_json, show_model

    state = place.open().show(name)
    if as_json:
        write_json(model_as_json(state))
    else:
        show_model(state)
    return 0
