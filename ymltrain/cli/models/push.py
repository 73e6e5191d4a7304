"""`ymltrain models push`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command("push", epilog=examples("ymltrain models push diamonds-price --to s3://bucket/models"))
@click.argument("model", metavar="NAME")
@click.option("--to", "target", required=True, metavar="URL", help="The registry to copy to.")
@registry_options
def command(model: str, target: str, place: Place, *, as_json: bool) -> int:
    """Copy a model with its history to another registry: its events byte for byte, and all content they refer to.

    What is there already is not copied again. Where the two histories have gone apart nothing is.
    """
    from msgspec import to_builtins

    from ymltrain.registry.copying import copy_model
    from ymltrain.report.console import write_json
    from ymltrain.report.integrity import show_copied

    copied = copy_model(place.open(), place.open_at(target), model)
    if as_json:
        write_json(to_builtins(copied))
    else:
        show_copied(copied)
    return 0
