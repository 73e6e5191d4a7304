"""`ymltrain registry init`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command("init", epilog=examples("ymltrain registry init", "ymltrain registry init --registry s3://bucket/models"))
@registry_options
def command(place: Place, *, as_json: bool) -> int:
    """Begin a registry: whether its store creates keys exclusively is tried first.

    A store that ignores the condition is refused, unless --single-writer promises that never two processes write at
    once. Where a registry is already, its format is checked. The first `fit` that registers does the same.
    """
    from msgspec import to_builtins

    from ymltrain.report.console import tell, write_json

    registry = place.open()
    found = registry.begin()
    if as_json:
        write_json({"registry": str(registry.backend), **to_builtins(found)})
    else:
        features = f", {', '.join(found.features)}" if found.features else ""
        tell((str(registry.backend), "bold"), f"  format {found.version}{features}")
    return 0
