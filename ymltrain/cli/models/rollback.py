"""`ymltrain models rollback`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command("rollback", epilog=examples('ymltrain models rollback diamonds-price champion --reason "wrong prices"'))
@click.argument("name")
@click.argument("alias")
@click.option("--reason", metavar="TEXT", default="", help="Why; it is recorded.")
@registry_options
def command(name: str, alias: str, reason: str, place: Place, *, as_json: bool) -> int:
    """Put ALIAS back to what it was before its last move. Done again, it goes one move further back."""
    from msgspec import to_builtins

    from ymltrain.report.console import tell, write_json
    from ymltrain.report.model_log import event_words

    back = place.open().roll_back(name, alias, reason=reason)
    if as_json:
        write_json(to_builtins(back))
    else:
        tell((f"{name}  ", "bold"), event_words(back))
    return 0
