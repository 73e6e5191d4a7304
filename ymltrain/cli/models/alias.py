"""`ymltrain models alias`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command(
    "alias",
    epilog=examples(
        "ymltrain models alias diamonds-price@3 champion --expect 2",
        "ymltrain models alias diamonds-price champion --protect",
    ),
)
@click.argument("version", metavar="NAME[@VERSION]")
@click.argument("alias")
@click.option("--expect", metavar="VERSION", help="Move it only from this version (or `none`): compare and set.")
@click.option("--remove", is_flag=True, help="Take the alias away from the version.")
@click.option("--protect", is_flag=True, help="Let the alias of this model move by gates and rollback only.")
@click.option("--unprotect", is_flag=True, help="Let it be moved by anyone again.")
@click.option("--override", metavar="REASON", default="", help="Why a protected alias must move by hand; it is recorded.")
@registry_options
def command(
    version: str,
    alias: str,
    expect: str | None,
    remove: bool,
    protect: bool,
    unprotect: bool,
    override: str,
    place: Place,
    as_json: bool,
) -> int:
    """Point ALIAS at a version, take it away from one, or protect it."""
    from msgspec import UNSET

    from ymltrain.report.console import write_json
    from ymltrain.report.models import model_as_json, show_model

    if expect is not None and expect != "none" and not expect.isdigit():
        raise click.UsageError("--expect takes a version number, or `none`")
    if remove + protect + unprotect > 1:
        raise click.UsageError("give one of --remove, --protect and --unprotect")
    registry = place.open()
    if protect or unprotect:
        name = version.partition("@")[0]
        registry.protect(name, alias, is_protected=protect)
    else:
        found = registry.resolve(version)
        name = found.model
        if remove:
            registry.remove_alias(name, alias, expect=found.version, override=override)
        else:
            expected = UNSET if expect is None else None if expect == "none" else int(expect)
            registry.set_alias(name, alias, found.version, expect=expected, override=override)
    state = registry.show(name)
    if as_json:
        write_json(model_as_json(state))
    else:
        show_model(state)
    return 0
