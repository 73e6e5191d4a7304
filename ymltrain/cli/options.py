"""Options that several verbs share, and the compilation request they make."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ymltrain.compiler.request import Request

F = TypeVar("F", bound=Callable[..., Any])


def recipe_options(command: F) -> F:
    """RECIPE, overrides, --profile, --plugin and --workspace."""
    command = profile_option(common_options(command))
    command = click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")(command)
    return click.argument("recipe", type=click.Path(path_type=Path), metavar="RECIPE")(command)


def profile_option(command: F) -> F:
    """--profile."""
    return click.option("--profile", metavar="NAME", help="Lay this profile of the recipe over the rest.")(command)


def common_options(command: F) -> F:
    """--plugin, --workspace, --json and --debug."""
    options = (
        click.option(
            "--plugin",
            "plugins",
            multiple=True,
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Load plugins from a Python file.",
        ),
        click.option("--workspace", type=click.Path(path_type=Path), metavar="DIR", help="Where runs/ and registry/ are kept."),
        click.option("--json", "as_json", is_flag=True, help="Write one JSON document to standard output."),
        click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks."),
    )
    for option in reversed(options):  # as decorators: the last is the innermost
        command = option(command)
    return command


def make_request(
    recipe: Path,
    overrides: tuple[str, ...],
    profile: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
) -> Request:
    """The request that the shared options describe."""
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.compiler.request import Request
    from ymltrain.record.workspace import find_workspace

    return Request(
        recipe=recipe,
        workspace=find_workspace(workspace),
        catalog=Catalog.installed(plugins),
        environment=os.environ,
        overrides=overrides,
        profile=profile,
    )
