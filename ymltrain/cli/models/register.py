"""`ymltrain models register`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command("register", epilog=examples("ymltrain models register latest --model diamonds-price"))
@click.argument("source", metavar="RUN|BUNDLE")
@click.option("--model", required=True, metavar="NAME", help="The model that gets a new version.")
@registry_options
def command(source: str, model: str, place: Place, *, as_json: bool) -> int:
    """Register the bundle of a finished run, or a bundle folder, as the next version of a model."""
    from ymltrain.fit.registration import register_source
    from ymltrain.report.console import tell, write_json
    from ymltrain.report.models import version_as_json

    version = register_source(source, model, place.open(), place.workspace, place.catalog())
    if as_json:
        write_json(version_as_json(version))
    else:
        tell((str(version), "bold"), f"  {version.digest}")
    return 0
