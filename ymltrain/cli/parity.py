"""`ymltrain parity`: one recipe under several strategies, step by step."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import make_request, recipe_options

NOT_EQUAL = 1


@click.command(
    "parity", epilog=examples("ymltrain parity recipes/diamonds.yaml", "ymltrain parity recipes/diamonds.yaml --steps 20")
)
@click.option("--steps", type=click.IntRange(min=1), default=8, show_default=True, help="Optimizer steps to take under each.")
@click.option("--devices", type=click.IntRange(min=2), default=2, show_default=True, help="Devices of ddp and fsdp.")
@click.option("--strategy", "strategies", multiple=True, metavar="NAME", help="Compare these instead of single, ddp and fsdp.")
@click.option(
    "--tolerance", type=click.FloatRange(min=0), default=1e-5, show_default=True, help="The largest difference that is equal."
)
@recipe_options
def command(
    recipe: Path,
    overrides: tuple[str, ...],
    profile: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
    steps: int,
    devices: int,
    strategies: tuple[str, ...],
    tolerance: float,
) -> int:
    """Train some steps of RECIPE under each strategy at the same global batch, and compare what comes of them.

    Dropout is off, since each device draws its own. Losses and gradient norms are compared relatively, weights absolutely.
    Nothing is kept. Exit codes: 0 equal within the tolerance, 1 not.
    """
    import msgspec

    from ymltrain.compiler.passes import build_graph, compile_recipe
    from ymltrain.fit.job import Job
    from ymltrain.fit.parity import STRATEGIES, compare_strategies, parity_overrides
    from ymltrain.plan.plan import Plan
    from ymltrain.record.directory import RunDirectory
    from ymltrain.report.console import say, write_json
    from ymltrain.report.parity import show_parity

    request = make_request(recipe, overrides, profile, plugins, workspace)
    model = build_graph(request).nodes["model"]
    dropouts = [f"model.{name}" for name in model.params.__struct_fields__ if "dropout" in name]
    plans: dict[str, Plan] = {}
    for name in strategies or STRATEGIES:
        more = parity_overrides(name, devices, steps, dropouts)
        plans[name] = compile_recipe(make_request(recipe, (*overrides, *more), profile, plugins, workspace))

    def make_job(plan: Plan, run: RunDirectory) -> Job:
        say(f"{plan.strategy}: {plan.topology.world_size} × {plan.topology.accelerator}, {steps} steps")
        return Job(
            plan=plan,
            run=run,
            workspace=request.workspace,
            catalog=request.catalog,
            environment=request.environment,
            watch=lambda _: None,
            warn=lambda message: say((f"warning: {message}", "yellow")),
        )

    found = compare_strategies(plans, make_job, tolerance)
    if as_json:
        write_json(msgspec.to_builtins(found))
    else:
        show_parity(found)
    return 0 if found.is_equal else NOT_EQUAL
