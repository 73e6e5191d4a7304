"""`ymltrain registry upgrade`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command("upgrade", epilog=examples("ymltrain registry upgrade"))
@registry_options
def command(place: Place, *, as_json: bool) -> int:
    """Bring a registry of an earlier ymltrain to the present format, in place.

    Nothing that is there is changed: what the present format has beside is added, and the format's number is replaced
    last. Killed at any moment, it is the old registry or the new one; run it again.
    """
    from ymltrain.registry.upgrade import upgrade_registry
    from ymltrain.report.console import tell, write_json

    registry = place.open()
    was, now = upgrade_registry(registry)
    if as_json:
        write_json({"registry": str(registry.backend), "was": was, "is": now})
    else:
        tell((str(registry.backend), "bold"), f"  format {was} → {now}" if was != now else f"  has format {now} already")
    return 0
