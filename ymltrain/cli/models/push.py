"""`ymltrain models push`."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.models.options import Place, registry_options


@click.command(
    "push",
    epilog=examples(
        "ymltrain models push diamonds-price --to s3://bucket/models",
        "ymltrain models push diamonds-price@champion --to mlflow tracking_uri=http://127.0.0.1:5000",
    ),
)
@click.argument("model", metavar="NAME[@VERSION]")
@click.argument("params", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--to", "target", required=True, metavar="URL|TRACKER", help="The registry to copy to, or a tracker.")
@registry_options
def command(model: str, params: tuple[str, ...], target: str, place: Place, *, as_json: bool) -> int:
    """Copy a model to another registry.

    NAME alone goes with its history to another registry of ymltrain: its events byte for byte, and all content they refer to.
    What is there already is not copied again. Where the two histories have gone apart nothing is.

    NAME@ALIAS (or @3, @sha256:…) is one version for a registry of another kind, such as MLflow's, through the tracker of that
    name; KEY=VALUE are its params. A version that is there already is not made again.
    """
    if "@" in model:
        return _give(model, target, params, place, as_json=as_json)
    from msgspec import to_builtins

    from ymltrain.diagnostics import UsageError
    from ymltrain.registry.copying import copy_model
    from ymltrain.report.console import write_json
    from ymltrain.report.integrity import show_copied

    if params:
        raise UsageError("YT974", f'"{params[0]}" is a param of a tracker, which takes one version', f"name it: {model}@champion")
    copied = copy_model(place.open(), place.open_at(target), model)
    if as_json:
        write_json(to_builtins(copied))
    else:
        show_copied(copied)
    return 0


def _give(model: str, target: str, params: tuple[str, ...], place: Place, *, as_json: bool) -> int:
    import os

    from msgspec import to_builtins

    from ymltrain.loading import locate_bundle
    from ymltrain.record.replay import build_tracker
    from ymltrain.registry.interchange import give_version
    from ymltrain.report.console import tell, write_json

    catalog = place.catalog()
    tracker = build_tracker(catalog, target, params, os.environ)
    version = place.open().resolve(model)
    bundle = locate_bundle(f"{version.model}@{version.digest}", place.workspace, catalog, place.url)
    taken = give_version(version, model, bundle, target, tracker)
    if as_json:
        write_json({"model": version.model, "version": version.version, "digest": version.digest, "taken": to_builtins(taken)})
    else:
        tell((str(version), "bold"), f"  {'is now' if taken.is_new else 'was already'} {taken.uri} in {target}")
    return 0
