"""`ymltrain models diff`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command("diff", epilog=examples("ymltrain models diff diamonds-price@1 diamonds-price@champion"))
@click.argument("was", metavar="A")
@click.argument("now", metavar="B")
@registry_options
def command(was: str, now: str, place: Place, *, as_json: bool) -> int:
    """Compare two models: contract, features, params, data, code, metrics, size, and the weights tensor by tensor.

    A and B are name@alias, name@3, name@sha256:…, a run, or a bundle folder.
    """
    from msgspec import to_builtins

    from ymltrain.bundle.difference import bundle_differences, layer_distances
    from ymltrain.fit.model_code import code_differences
    from ymltrain.loading import locate_bundle
    from ymltrain.report.console import write_json
    from ymltrain.report.model_diff import show_diff

    folders = [locate_bundle(name, place.workspace, place.catalog(), place.url) for name in (was, now)]
    differences = [*bundle_differences(*folders), *code_differences(was, now, place.open(), folders)]
    layers = layer_distances(*folders)
    if as_json:
        write_json({"differences": to_builtins(differences), "weights": to_builtins(layers)})
    else:
        show_diff((was, now), differences, layers)
    return 0
