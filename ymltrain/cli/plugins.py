"""`ymltrain plugins`: what is installed."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options


@click.group("plugins", epilog=examples("ymltrain plugins ls", "ymltrain plugins show model mlp"))
def command() -> None:
    """List the installed plugins, or show one."""


@command.command("ls", epilog=examples("ymltrain plugins ls"))
@click.argument("kind", required=False)
@common_options
def ls(
    kind: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """List the installed plugins (of KIND) with the distribution that brings each. Imports none of them."""
    del workspace
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.diagnostics import UsageError, did_you_mean
    from ymltrain.kinds import KINDS
    from ymltrain.report import plugins as report
    from ymltrain.report.console import write_json

    if kind is not None and kind not in KINDS:
        raise UsageError("YT806", f'there is no kind of plugin "{kind}"', did_you_mean(kind, KINDS))
    entries = [entry for entry in Catalog.installed(plugins).entries() if kind in (None, entry.kind)]
    if as_json:
        write_json([report.entry_as_json(entry) for entry in entries])
    else:
        report.show_entries(entries)
    return 0


@command.command("show", epilog=examples("ymltrain plugins show model mlp"))
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
    from ymltrain.report import plugins as report
    from ymltrain.report.console import write_json

    plugin = Catalog.installed(plugins).load(kind, name)
    if as_json:
        write_json(report.plugin_as_json(plugin))
    else:
        report.show_plugin(plugin)
    return 0
