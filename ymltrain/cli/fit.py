"""`ymltrain fit`: all of a recipe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options, profile_option

EXIT_CODES = {"done": 0, "preempted": 75, "interrupted": 130}
NEWEST = "the newest"


@dataclass(frozen=True)
class Asked:
    """What the command line asks to be fitted."""

    recipe: Path | None
    overrides: tuple[str, ...]
    profile: str | None
    plan: Path | None
    resume: str | None
    force: bool
    plugins: tuple[Path, ...]
    workspace: Path | None
    forced: tuple[str, ...] = ()
    no_tune: bool = False
    as_json: bool = False
    is_locked: bool = False


@click.command(
    "fit",
    epilog=examples(
        "ymltrain fit recipes/diamonds.yaml optimizer.lr=3e-3",
        "ymltrain fit recipes/diamonds.yaml --resume",
        "ymltrain fit --plan plan.json",
        "ymltrain fit recipes/diamonds.yaml --locked",
    ),
)
@click.argument("arguments", nargs=-1, metavar="[RECIPE] [KEY=VALUE]...")
@profile_option
@click.option("--plan", "plan", type=click.Path(path_type=Path), metavar="FILE", help="Run a plan instead of a recipe.")
@click.option(
    "--resume",
    is_flag=False,
    flag_value=NEWEST,
    metavar="[RUN]",
    help="Go on with a run: the newest unfinished one of the recipe, or RUN.",
)
@click.option(
    "--force-stage",
    "forced",
    multiple=True,
    metavar="STAGE",
    help="Do this stage and all that build upon it, even where an earlier run has done the same; `ymltrain plan` names them.",
)
@click.option("--no-tune", is_flag=True, help="Train the recipe's own values, though it has a tuner.")
@click.option("--force", is_flag=True, help="With --resume: go on although the recipe changed in what training depends on.")
@click.option("--locked", is_flag=True, help="Refuse when anything differs from the newest finished run of the recipe.")
@common_options
def command(
    arguments: tuple[str, ...],
    profile: str | None,
    plan: Path | None,
    resume: str | None,
    forced: tuple[str, ...],
    no_tune: bool,
    force: bool,
    locked: bool,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Train what RECIPE describes: search if it has a tuner, train the best, evaluate on the test split, bundle, register, promote.

    Exit codes: 0 done, 1 failed, 2 a mistake in the recipe, 75 preempted by SIGTERM and resumable, 130 interrupted
    by Ctrl-C and resumable.
    """
    from ymltrain.cli.prepare_run import prepare_run
    from ymltrain.cli.search_first import Chosen
    from ymltrain.fit.fit import fit
    from ymltrain.fit.job import Job
    from ymltrain.report.console import write_json
    from ymltrain.report.fit import as_json as result_as_json
    from ymltrain.report.fit import show_result
    from ymltrain.report.progress import progress_for
    from ymltrain.report.study import show_searched

    asked = asked_for(arguments, profile, plan, resume, plugins, workspace)
    ready = prepare_run(replace(asked, forced=forced, no_tune=no_tune, force=force, as_json=as_json, is_locked=locked))
    if isinstance(ready, Chosen):  # the search was cut short
        if as_json:
            write_json({"status": ready.searched.closed.reason, "study": ready.document})
        else:
            show_searched(ready.searched, [])
        return ready.exit_code
    with progress_for(ready.plan, ready.run.path) as progress:
        job = Job(
            plan=ready.plan,
            run=ready.run,
            workspace=ready.workspace,
            catalog=ready.catalog,
            environment=ready.environment,
            watch=progress.watch,
            warn=progress.warn,
            forced=ready.forced,
        )
        result = fit(job)
    if as_json:
        write_json(result_as_json(result) | ({"study": ready.chosen.document} if ready.chosen is not None else {}))
    else:
        show_result(result, ready.plan)
    return EXIT_CODES[result.status]


def asked_for(
    arguments: tuple[str, ...],
    profile: str | None,
    plan: Path | None,
    resume: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    newest: str = NEWEST,
) -> Asked:
    """Tell the recipe, the overrides and the run apart: an option with an optional value takes whatever follows it."""
    words = list(arguments)
    if resume not in (None, newest) and (_is_recipe(str(resume)) or "=" in str(resume)):
        words.insert(0, str(resume))
        resume = newest
    recipes = [word for word in words if "=" not in word]
    if len(recipes) > 1:
        raise click.UsageError(f"expected one recipe, then KEY=VALUE overrides; found {' and '.join(recipes)}")
    if plan is not None and (words or profile or resume):
        raise click.UsageError("a plan is complete: give no recipe, override, profile or run with --plan")
    if plan is None and not recipes and resume in (None, newest):
        raise click.UsageError("name a recipe, or with --resume a run")
    overrides = tuple(word for word in words if "=" in word)
    return Asked(
        Path(recipes[0]) if recipes else None, overrides, profile, plan, resume, force=False, plugins=plugins, workspace=workspace
    )


def _is_recipe(word: str) -> bool:
    return word.endswith((".yaml", ".yml"))
