"""`ymltrain models`: the registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options

if TYPE_CHECKING:
    from ymltrain.registry import Registry

_registry_option = click.option(
    "--registry", "registry_url", metavar="URL", help="The registry's folder; the workspace's own by default."
)


@click.group("models", epilog=examples("ymltrain models ls", "ymltrain models show diamonds-price"))
def command() -> None:
    """List models and their versions, and move aliases."""


@command.command("ls", epilog=examples("ymltrain models ls"))
@_registry_option
@common_options
def ls(
    registry_url: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """List all models with their newest version and aliases."""
    from ymltrain.report.console import write_json
    from ymltrain.report.models import model_as_json, show_models

    registry = _open(plugins, workspace, registry_url)
    states = [registry.show(name) for name in registry.list_models()]
    if as_json:
        write_json([model_as_json(state) for state in states])
    else:
        show_models(states)
    return 0


@command.command("show", epilog=examples("ymltrain models show diamonds-price"))
@click.argument("name")
@_registry_option
@common_options
def show(
    name: str,
    registry_url: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Show all versions of a model with their metrics and aliases."""
    from ymltrain.report.console import write_json
    from ymltrain.report.models import model_as_json, show_model

    state = _open(plugins, workspace, registry_url).show(name)
    if as_json:
        write_json(model_as_json(state))
    else:
        show_model(state)
    return 0


@command.command("alias", epilog=examples("ymltrain models alias diamonds-price@3 champion --expect 2"))
@click.argument("version", metavar="NAME@VERSION")
@click.argument("alias")
@click.option("--expect", metavar="VERSION", help="Move it only from this version (or `none`): compare and set.")
@click.option("--remove", is_flag=True, help="Take the alias away from the version.")
@_registry_option
@common_options
def alias(
    version: str,
    alias: str,
    expect: str | None,
    remove: bool,
    registry_url: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Point ALIAS at a version, or take it away from one."""
    from msgspec import UNSET

    from ymltrain.report.console import write_json
    from ymltrain.report.models import model_as_json, show_model

    if expect is not None and expect != "none" and not expect.isdigit():
        raise click.UsageError("--expect takes a version number, or `none`")
    registry = _open(plugins, workspace, registry_url)
    found = registry.resolve(version)
    if remove:
        registry.remove_alias(found.model, alias, expect=found.version)
    else:
        expected = UNSET if expect is None else None if expect == "none" else int(expect)
        registry.set_alias(found.model, alias, found.version, expect=expected)
    state = registry.show(found.model)
    if as_json:
        write_json(model_as_json(state))
    else:
        show_model(state)
    return 0


def _open(plugins: tuple[Path, ...], workspace: Path | None, registry_url: str | None) -> Registry:
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.cli.locate_model import open_registry
    from ymltrain.record.workspace import find_workspace

    return open_registry(find_workspace(workspace), Catalog.installed(plugins), registry_url)
