"""`ymltrain plugins show`: one plugin."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options


@click.command("show", epilog=examples("ymltrain plugins show model mlp"))
@click.argument("kind")
@click.argument("name")
@common_options
def show(
    kind: str,
    name: str,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Show a plugin: what it does, its params with their defaults, where it comes from."""
    del workspace
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.cli.plugins.kinds import check_kind
    from ymltrain.report import plugins as report
    from ymltrain.report.console import write_json

    check_kind(kind)
    plugin = Catalog.installed(plugins).load(kind, name)
    if as_json:
        write_json(report.plugin_as_json(plugin))
    else:
        report.show_plugin(plugin)
    return 0
