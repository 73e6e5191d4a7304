"""`ymltrain models ls`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command("ls", epilog=examples("ymltrain models ls"))
@registry_options
def command(place: Place, *, as_json: bool) -> int:
    """List all models with their newest version and aliases."""
    from ymltrain.report.console import write_json
    from ymltrain.report.models import show_models, summary_as_json

    registry = place.open()
    models = registry.summaries()
    if as_json:
        write_json([summary_as_json(model) for model in models])
    else:
        show_models(models)
    return 0
