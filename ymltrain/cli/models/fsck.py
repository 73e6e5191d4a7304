"""`ymltrain models fsck`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options

NOT_IDENTICAL = 5


@click.command("fsck", epilog=examples("ymltrain models fsck", "ymltrain models fsck --repair --copy s3://bucket/backup"))
@click.option("--repair", is_flag=True, help="Mend what can be mended for certain.")
@click.option(
    "--copy", "copies", multiple=True, metavar="URL", help="Another registry that may have what is lost; may be repeated."
)
@registry_options
def command(copies: tuple[str, ...], place: Place, *, repair: bool, as_json: bool) -> int:
    """Find every kind of damage, and with --repair mend what can be.

    Content is looked for by its digest in the runs of the workspace and in the copies, events in copies whose logs
    agree with what is left; hints are written anew by themselves. Exit codes: 0 nothing is lost, 5 something still is.
    """
    from datetime import UTC, datetime

    from msgspec import to_builtins

    from ymltrain.registry.fsck import check_registry
    from ymltrain.report.console import write_json
    from ymltrain.report.integrity import show_damage

    registry = place.open()
    found = check_registry(
        registry,
        datetime.now(UTC),
        repair=repair,
        copies=[place.open_at(url) for url in copies],
        folders=sorted((place.workspace / "runs").glob("*/*/bundle")),
    )
    if as_json:
        write_json({"damage": to_builtins(found)})
    else:
        show_damage(found)
    return NOT_IDENTICAL if any(damage.is_loss and not damage.repaired for damage in found) else 0
