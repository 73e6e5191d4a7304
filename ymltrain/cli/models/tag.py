"""`ymltrain models tag`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command(
    "tag",
    epilog=examples("ymltrain models tag diamonds-price@3 team=pricing", "ymltrain models tag diamonds-price --note Prices"),
)
@click.argument("model", metavar="NAME[@VERSION]")
@click.argument("tags", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--remove", multiple=True, metavar="KEY", help="Take this tag away; may be repeated.")
@click.option("--note", metavar="TEXT", help="Set the description.")
@registry_options
def command(model: str, tags: tuple[str, ...], remove: tuple[str, ...], note: str | None, place: Place, as_json: bool) -> int:
    """Set tags and the description of a version, or of the model where no version is named."""
    from ymltrain.report.console import write_json
    from ymltrain.report.models import model_as_json, show_model

    if unfit := [tag for tag in tags if "=" not in tag]:
        raise click.UsageError(f'"{unfit[0]}" is no KEY=VALUE')
    if not (tags or remove or note is not None):
        raise click.UsageError("give KEY=VALUE, --remove KEY or --note TEXT")
    registry = place.open()
    found = registry.resolve(model) if "@" in model else None
    name, number = (model, None) if found is None else (found.model, found.version)
    for tag in tags:
        key, _, value = tag.partition("=")
        registry.tag(name, key, value, version=number)
    for key in remove:
        registry.tag(name, key, None, version=number)
    if note is not None:
        registry.describe(name, note, version=number)
    state = registry.show(name)
    if as_json:
        write_json(model_as_json(state))
    else:
        show_model(state)
    return 0
