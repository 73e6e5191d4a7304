"""`ymltrain plugins`: what is installed, and the beginning of one's own."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.plugins.ls import ls
from ymltrain.cli.plugins.new import new
from ymltrain.cli.plugins.show import show


@click.group(
    "plugins", epilog=examples("ymltrain plugins ls", "ymltrain plugins show model mlp", "ymltrain plugins new model gated")
)
def command() -> None:
    """List the installed plugins, show one, or begin one of your own."""


command.add_command(ls)
command.add_command(show)
command.add_command(new)
