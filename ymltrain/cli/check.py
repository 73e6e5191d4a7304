"""`ymltrain check`: every mistake of a recipe, each at its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import make_request, recipe_options


@click.command("check", epilog=examples("ymltrain check recipes/diamonds.yaml trainer.batch_size=512"))
@click.option("--no-data", is_flag=True, help="Check the recipe alone, where its data cannot be read.")
@recipe_options
def command(
    recipe: Path,
    overrides: tuple[str, ...],
    profile: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
    no_data: bool,
) -> int:
    """Check RECIPE, with overrides laid over it, and report every mistake at once.

    Reads the recipe files and, unless --no-data is given, the header and a sample of the data. Trains nothing
    and writes nothing.
    """
    from ymltrain.compiler.passes import build_graph
    from ymltrain.diagnostics import RecipeError
    from ymltrain.report import diagnostics as report
    from ymltrain.report.console import say, write_json

    request = replace(make_request(recipe, overrides, profile, plugins, workspace), reads_data=not no_data)
    try:
        build_graph(request)
        found, code = list(request.diagnostics), 0
    except RecipeError as error:
        found, code = list(error.diagnostics), error.exit_code
        failure = error
    if as_json:
        write_json({"ok": code == 0, "diagnostics": [report.as_json(one) for one in found]})
    elif code:
        report.show_error(failure)
    else:
        report.show_diagnostics(found)
        say((f"{recipe}: ok", "green"))
    return code
