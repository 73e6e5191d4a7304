"""`ymltrain tune`: search what a recipe's tuner describes, and report of a study."""

from __future__ import annotations

from pathlib import Path

import click

from ymltrain.cli.examples import examples
from ymltrain.cli.options import common_options, profile_option

NEWEST = "the newest"
EXIT_CODES = {"interrupted": 130, "preempted": 75}


class DefaultVerb(click.Group):
    """A group in which what is no verb of it is given to the verb `run`."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["run", *args])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0].startswith("-") and args[0] not in ("-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(
    "tune",
    cls=DefaultVerb,
    epilog=examples("ymltrain tune recipes/diamonds-search.yaml", "ymltrain tune report latest -o report.html"),
)
def command() -> None:
    """Search the space of a recipe's tuner, without training the best (`fit` does both): tune RECIPE; or report of a study."""


@command.command(
    "run",
    epilog=examples(
        "ymltrain tune run recipes/diamonds-search.yaml",
        "ymltrain tune run recipes/diamonds-search.yaml tuner.max_trials=100 --resume",
    ),
)
@click.argument("arguments", nargs=-1, metavar="[RECIPE] [KEY=VALUE]...")
@profile_option
@click.option(
    "--resume",
    is_flag=False,
    flag_value=NEWEST,
    metavar="[STUDY]",
    help="Go on with a study: the newest one of the recipe, or STUDY.",
)
@common_options
def run(
    arguments: tuple[str, ...],
    profile: str | None,
    resume: str | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Search what RECIPE's tuner describes; `tune RECIPE` is the same.

    Exit codes: 0 done, 1 failed, 2 a mistake in the recipe, 75 preempted by SIGTERM and resumable, 130 interrupted by
    Ctrl-C and resumable.
    """
    from ymltrain.cli.fit import asked_for
    from ymltrain.cli.prepare_study import prepare_study
    from ymltrain.report.console import write_json
    from ymltrain.report.study import search_view, show_searched
    from ymltrain.search.findings import find
    from ymltrain.search.result import as_document
    from ymltrain.search.search import search

    asked = asked_for(arguments, profile, None, resume, plugins, workspace, newest=NEWEST)
    ready = prepare_study(asked)
    with search_view(ready.directory.name, ready.directory.path) as view:
        searched = search(ready.job(view))
    if as_json:
        write_json(as_document(searched))
    else:
        show_searched(searched, find(searched.plan, searched.study))
    return EXIT_CODES.get(searched.closed.reason, 0 if searched.study.best is not None else 1)


@command.command(
    "report", epilog=examples("ymltrain tune report latest -o report.html", "ymltrain tune report diamonds-search --json")
)
@click.argument("study", default="latest")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where the page is written; report.html of the study."
)
@common_options
def report(
    study: str,
    output: Path | None,
    plugins: tuple[Path, ...],
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Report of STUDY (an id, the beginning of one, a name, a path, or `latest`) as one HTML file that needs nothing else."""
    del plugins
    from ymltrain.record.workspace import find_workspace
    from ymltrain.report.console import say, write_json
    from ymltrain.report.html import write_page
    from ymltrain.report.study_page import best_yaml, study_page
    from ymltrain.search.directory import find_study
    from ymltrain.search.findings import find
    from ymltrain.search.importance import Importance, importance
    from ymltrain.search.result import study_document

    directory = find_study(find_workspace(workspace), study)
    plan, known = directory.study()
    told = importance(known)
    if as_json:
        shares = {path: share for path, share, _ in told.shares} if isinstance(told, Importance) else None
        best = {"yaml": best_yaml(known.spec.space, known.best.point)} if known.best is not None else {}
        write_json({**study_document(directory, plan, known), **best, "importance": shares})
        if output is None:
            return 0
    path = output or directory.path / "report.html"
    write_page(path, study_page(directory, plan, known, find(plan, known), told))
    say(f"written to {path}")
    return 0
