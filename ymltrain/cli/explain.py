"""`ymltrain explain`: where a value comes from."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.options import make_request, recipe_options


@click.command("explain", epilog="Example:  ymltrain explain recipes/diamonds.yaml optimizer.lr")
@recipe_options
@click.pass_context
def command(
    context: click.Context,
    /,
    recipe: Path,
    overrides: tuple[str, ...],
    profile: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Say which file, line, profile, override, variable or default set the value at KEY.

    KEY is the first argument after RECIPE; overrides may follow it.
    """
    from ymltrain.compiler.explain import explain
    from ymltrain.compiler.passes import build_graph
    from ymltrain.report import settings as report
    from ymltrain.report.console import write_json

    if not overrides or "=" in overrides[0]:
        raise click.UsageError("name a key path after the recipe: optimizer.lr", context)
    request = make_request(recipe, overrides[1:], profile, plugins, workspace)
    explanation = explain(build_graph(request), overrides[0])
    if as_json:
        write_json(report.explanation_as_json(explanation))
    else:
        report.show_explanation(explanation)
    return 0
