"""`ymltrain explain`: where a value comes from."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options, make_request, profile_option


@click.command("explain", epilog=examples("ymltrain explain recipes/diamonds.yaml optimizer.lr"))
@click.argument("recipe", type=click.Path(path_type=Path), metavar="RECIPE")
@click.argument("key", metavar="KEY")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@profile_option
@common_options
def command(
    recipe: Path,
    key: str,
    overrides: tuple[str, ...],
    profile: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Say which file, line, profile, override, variable or default set the value at KEY of RECIPE."""
    from ymltrain.compiler.explain import explain
    from ymltrain.compiler.passes import build_graph
    from ymltrain.report import settings as report
    from ymltrain.report.console import write_json

    request = make_request(recipe, overrides, profile, plugins, workspace)
    explanation = explain(build_graph(request), key)
    if as_json:
        write_json(report.explanation_as_json(explanation))
    else:
        report.show_explanation(explanation)
    return 0
