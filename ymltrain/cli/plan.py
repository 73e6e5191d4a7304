"""`ymltrain plan`: what a recipe will do."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.catalog.catalog import Catalog
from ymltrain.cli.examples import examples
from ymltrain.cli.options import make_request, recipe_options
from ymltrain.plan.plan import PlanNode


@click.command("plan", epilog=examples("ymltrain plan recipes/diamonds.yaml", "ymltrain plan recipes/diamonds.yaml -o plan.json"))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the Plan there, for `ymltrain fit --plan`."
)
@click.option("--world", type=click.IntRange(min=1), metavar="N", help="Show the memory of each of N devices, under ddp and fsdp.")
@click.option("--measure", is_flag=True, help="Run a training step on fake tensors, to tell what activations take; imports torch.")
@recipe_options
def command(
    recipe: Path,
    overrides: tuple[str, ...],
    profile: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
    output: Path | None,
    world: int | None,
    measure: bool,
) -> int:
    """Show what RECIPE will do: the graph of plugins, the data, every setting with its origin, parameters, steps, memory, disk.

    Trains nothing and, without --measure, imports no torch. With --json, prints the Plan itself, beside its estimates.
    """
    import msgspec

    from ymltrain.compiler.make_plan import make_plan
    from ymltrain.compiler.passes import build_graph
    from ymltrain.diagnostics import UsageError
    from ymltrain.fit.leaks import check_leaks
    from ymltrain.fit.preview import Scale, preview_plan
    from ymltrain.plan.plan import write_plan
    from ymltrain.report.console import say, write_json
    from ymltrain.report.diagnostics import as_json as diagnostic_as_json
    from ymltrain.report.diagnostics import show_diagnostics
    from ymltrain.report.plan import show_plan
    from ymltrain.report.search_plan import show_search
    from ymltrain.search.preview import preview_search

    request = make_request(recipe, overrides, profile, plugins, workspace)
    graph = build_graph(request)
    check_leaks(graph, request)
    plan = make_plan(graph, request)
    assert graph.look is not None
    if not as_json:
        show_diagnostics(request.diagnostics)
    if output is not None:
        try:
            output.write_bytes(write_plan(plan))
        except OSError as error:
            raise UsageError("YT819", f"{output} cannot be written: {error.strerror}", "choose another place") from None
        say(f"plan {plan.digest[:19]} written to {output}")
    scale = Scale(world, _strategies(request.catalog), measure)
    preview = preview_plan(plan, graph.look, request.catalog, request.environment, scale)
    searched = preview_search(plan, request.catalog, request.environment)
    if as_json:
        estimates = {**msgspec.to_builtins(preview), "search": msgspec.to_builtins(searched)}
        found = [diagnostic_as_json(one) for one in request.diagnostics]
        write_json({**msgspec.to_builtins(plan), "estimates": estimates, "diagnostics": found})
    elif output is None:
        show_plan(plan, preview, graph)
        if searched is not None:
            show_search(plan, searched)
    return 0


def _strategies(catalog: Catalog) -> tuple[PlanNode, ...]:
    """The strategies that a plan is shown under in another world, with their default params."""
    nodes = []
    for name in ("single", "ddp", "fsdp"):
        plugin = catalog.load("strategy", name)
        nodes.append(PlanNode(id="strategy", kind="strategy", type=name, params={}, plugin=plugin.entry.source))
    return tuple(nodes)
