"""`ymltrain models verify`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options

NOT_IDENTICAL = 5


@click.command("verify", epilog=examples("ymltrain models verify", "ymltrain models verify diamonds-price@champion"))
@click.argument("models", nargs=-1, metavar="[NAME[@VERSION]]...")
@registry_options
def command(models: tuple[str, ...], place: Place, *, as_json: bool) -> int:
    """Read every event and every byte of all models, or of some, and name whatever is not as it was written.

    Exit codes: 0 all is well, 5 there is damage.
    """
    from ymltrain.registry.verify import verify_registry, verify_versions
    from ymltrain.report.console import write_json
    from ymltrain.report.integrity import show_verified, verified_as_json

    registry = place.open()
    versions = [registry.resolve(model) for model in models if "@" in model]
    names = [registry.show(model).name for model in models if "@" not in model]
    found = verify_versions(registry, versions) if versions else verify_registry(registry, names or None)
    if versions and names:
        found.damage += verify_registry(registry, names).damage
    if as_json:
        write_json(verified_as_json(found))
    else:
        show_verified(found)
    return NOT_IDENTICAL if found.damage else 0
