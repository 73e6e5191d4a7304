"""`ymltrain plugins ls`: what is installed."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options

BROKEN = 2


@click.command("ls", epilog=examples("ymltrain plugins ls", "ymltrain plugins ls model --check"))
@click.argument("kind", required=False)
@click.option("--check", "loads", is_flag=True, help="Import each: say which are broken and why, and exit 2 if any is.")
@common_options
def ls(
    kind: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
    loads: bool,
) -> int:
    """List the installed plugins (of KIND) with the distribution that brings each. Imports none of them, but for --check."""
    del workspace
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.catalog.entry import BrokenPlugin
    from ymltrain.cli.plugins.kinds import check_kind
    from ymltrain.report import plugins as report
    from ymltrain.report.console import write_json

    if kind is not None:
        check_kind(kind)
    catalog = Catalog.installed(plugins)
    if loads:
        checked = list(catalog.load_all(kind))
        if as_json:
            write_json([report.checked_as_json(plugin) for plugin in checked])
        else:
            report.show_checked(checked)
        return BROKEN if any(isinstance(plugin, BrokenPlugin) for plugin in checked) else 0
    entries = [entry for entry in catalog.entries() if kind in (None, entry.kind)]
    if as_json:
        write_json([report.entry_as_json(entry) for entry in entries])
    else:
        report.show_entries(entries)
    return 0
