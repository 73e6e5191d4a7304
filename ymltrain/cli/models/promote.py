"""`ymltrain models promote`."""

from __future__ import annotations

import os

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command(
    "promote",
    epilog=examples(
        "ymltrain models promote diamonds-price@3",
        "ymltrain models promote diamonds-price@3 --alias challenger --gate metric=test/rmse,at_most=900",
    ),
)
@click.argument("version", metavar="NAME@VERSION")
@click.option("--alias", metavar="ALIAS", help="The alias to move; that of the version's recipe by default.")
@click.option("--gate", "gates", multiple=True, metavar="KEY=VALUE,…", help="A gate in place of the recipe's; may be repeated.")
@click.option("--no-gates", is_flag=True, help="Ask nothing; a protected alias then needs --override.")
@click.option("--override", metavar="REASON", default="", help="Why a protected alias must move without gates; it is recorded.")
@registry_options
def command(
    version: str, alias: str | None, gates: tuple[str, ...], no_gates: bool, override: str, place: Place, as_json: bool
) -> int:
    """Put a version before the gates that its recipe states, and move the alias when all pass.

    Every outcome is recorded in the model's log. Exit codes: 0 the alias moved, 1 a gate failed.
    """
    from msgspec import to_builtins

    from ymltrain.fit.promoting import promote_version
    from ymltrain.fit.skew_evidence import Surroundings
    from ymltrain.registry.promotions import read_promote
    from ymltrain.report.console import write_json
    from ymltrain.report.model_log import show_promotion

    if no_gates and gates:
        raise click.UsageError("give either --gate or --no-gates")
    registry = place.open()
    found = registry.resolve(version)
    asked = read_promote(found, alias, () if no_gates else gates or None)
    promotion = promote_version(
        registry,
        found,
        asked,
        where=Surroundings(place.workspace, place.catalog(), os.environ),
        override=override,
    )
    if as_json:
        write_json(to_builtins(promotion))
    else:
        show_promotion(promotion, found.model)
    return 0 if promotion.promoted else 1
