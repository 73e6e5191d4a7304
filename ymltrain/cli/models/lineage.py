"""`ymltrain models lineage`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command(
    "lineage",
    epilog=examples(
        "ymltrain models lineage diamonds-price@champion",
        "ymltrain models lineage --uses recipes/data/diamonds.csv",
    ),
)
@click.argument("version", metavar="[NAME@VERSION]", required=False)
@click.option("--uses", metavar="DATA|ID", help="The versions made from this data file, digest, run, commit or study.")
@registry_options
def command(version: str | None, uses: str | None, place: Place, *, as_json: bool) -> int:
    """Show what a version was made from, or which versions something went into."""
    from msgspec import to_builtins

    from ymltrain.registry.lineage import lineage_of, uses_of
    from ymltrain.report.console import write_json
    from ymltrain.report.lineage import show_lineage, show_uses

    if (version is None) == (uses is None):
        raise click.UsageError("name a version, or with --uses what went into versions")
    registry = place.open()
    if uses is not None:
        found = uses_of(registry, _id_of(uses, place))
        if as_json:
            write_json({"uses": uses, "versions": to_builtins(found)})
        else:
            show_uses(uses, found)
        return 0
    lineage = lineage_of(registry, registry.resolve(str(version)))
    if as_json:
        write_json(to_builtins(lineage))
    else:
        show_lineage(lineage)
    return 0


def _id_of(uses: str, place: Place) -> str:
    """A data file's fingerprint, as its datasource gives it; anything else is an id already."""
    from pathlib import Path

    import msgspec

    from ymltrain.recipe.short_forms import source_type

    path = Path(uses)
    if not path.is_file():
        return uses
    plugin = place.catalog().load("datasource", source_type(path.name) or "csv")
    fingerprint: str = plugin.implementation(msgspec.convert({"path": str(path.absolute())}, plugin.params)).fingerprint()
    return fingerprint
