"""`ymltrain plugins new`: a distribution to begin one's own plugin with."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options


@click.command("new", epilog=examples("ymltrain plugins new model gated", "ymltrain plugins new metric worst_case --into plugins"))
@click.argument("kind")
@click.argument("name")
@click.option(
    "--into", type=click.Path(path_type=Path), metavar="DIR", default=".", help="Where its folder is made; here by default."
)
@common_options
def new(
    kind: str,
    name: str,
    into: Path,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Write a distribution with a plugin NAME of KIND that works: its code, tests on the kind's kit, pyproject and README.

    The folder is called ymltrain-NAME. Nothing that is there is overwritten.
    """
    del workspace
    from ymltrain.authoring import write_distribution
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.cli.plugins.kinds import check_kind
    from ymltrain.report import plugins as report
    from ymltrain.report.console import write_json

    check_kind(kind)
    written = write_distribution(kind, name, into, Catalog.installed(plugins))
    if as_json:
        write_json(report.distribution_as_json(written))
    else:
        report.show_distribution(written)
    return 0
