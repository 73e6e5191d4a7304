"""`ymltrain models pull`."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command(
    "pull",
    epilog=examples(
        "ymltrain models pull diamonds-price@champion -o bundle",
        "ymltrain models pull diamonds-price --from s3://bucket/models",
    ),
)
@click.argument("model", metavar="NAME[@VERSION]")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Copy the files of one version to this folder."
)
@click.option("--from", "source", metavar="URL", help="Copy the model with its history from this registry.")
@registry_options
def command(model: str, output: Path | None, source: str | None, place: Place, *, as_json: bool) -> int:
    """Copy a version to a folder, or a whole model with its history from another registry. Every byte is verified."""
    from msgspec import to_builtins

    from ymltrain.registry.copying import copy_model
    from ymltrain.report.console import tell, write_json
    from ymltrain.report.integrity import show_copied

    if (output is None) == (source is None):
        raise click.UsageError("give -o DIR for the files of a version, or --from URL for a model with its history")
    registry = place.open()
    if output is not None:
        version = registry.resolve(model)
        registry.materialize(version, output)
        if as_json:
            write_json({"version": str(version), "digest": version.digest, "output": str(output)})
        else:
            tell((str(version), "bold"), f"  {output}")
        return 0
    copied = copy_model(place.open_at(source), registry, model)
    if as_json:
        write_json(to_builtins(copied))
    else:
        show_copied(copied)
    return 0
