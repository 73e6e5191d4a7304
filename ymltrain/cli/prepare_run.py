"""From what the command line asks to a run directory with its plan: a new run, or one to go on with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ymltrain.catalog.catalog import Catalog
from ymltrain.cli.locked import check_locked
from ymltrain.cli.new_run import Written, new_run
from ymltrain.cli.search_first import Chosen, search_first, with_search, without_search
from ymltrain.compiler.explain import origins
from ymltrain.compiler.make_plan import make_plan
from ymltrain.compiler.passes import build_graph
from ymltrain.compiler.request import Request
from ymltrain.diagnostics import UsageError
from ymltrain.fit.changes import Verdict, find_changes
from ymltrain.fit.leaks import check_leaks
from ymltrain.plan.plan import Plan, PluginSource, read_plan, write_plan
from ymltrain.plan.stages import stages_upon
from ymltrain.record.directory import RunDirectory
from ymltrain.record.find import find_run, newest_unfinished
from ymltrain.record.workspace import find_workspace
from ymltrain.report.console import say
from ymltrain.report.diagnostics import show_diagnostics

if TYPE_CHECKING:
    from ymltrain.cli.fit import Asked


@dataclass(frozen=True)
class ReadyRun:
    """A run directory and all that running it takes."""

    plan: Plan
    run: RunDirectory
    workspace: Path
    catalog: Catalog
    environment: Mapping[str, str]
    forced: frozenset[str]
    chosen: Chosen | None = None


def prepare_run(asked: Asked) -> ReadyRun | Chosen:
    """Compile (or read) the plan, search when it has a tuner, and make the run directory, or find the run to resume.

    A search that was cut short is returned as it is.

    Raises RecipeError, UsageError, PluginError.
    """
    workspace = find_workspace(asked.workspace)
    catalog = Catalog.installed(asked.plugins)
    plan, written = compile_asked(asked, workspace, catalog)
    chosen = None
    if plan is not None and plan.search is not None:
        if with_search(asked):
            chosen = search_first(asked, plan, written, workspace, catalog)
            if chosen.plan is None:
                return chosen
        plan = chosen.plan if chosen is not None else without_search(plan, workspace, catalog)
    run = _run_to_resume(asked, workspace, plan, searched=chosen is not None)
    plan = run.plan() if run is not None else plan
    assert plan is not None
    forced = stages_upon(plan.stages, asked.forced)
    if run is None:
        if asked.is_locked:
            check_locked(plan, workspace, catalog)
        run = new_run(workspace, plan, written, asked.plugins, {"study": chosen.document} if chosen is not None else {})
    return ReadyRun(run.plan(), run, workspace, catalog, os.environ, forced, chosen)


def compile_asked(asked: Asked, workspace: Path, catalog: Catalog) -> tuple[Plan | None, Written]:
    """The plan that is asked for and the recipe it was made from; no plan when only a run to resume is named."""
    if asked.plan is not None:
        try:
            return read_plan(asked.plan.read_bytes(), str(asked.plan)), Written()
        except OSError as error:
            raise UsageError(
                "YT813", f"{asked.plan} cannot be read: {error.strerror}", "make it: ymltrain plan RECIPE -o FILE"
            ) from None
    if asked.recipe is None:
        return None, Written()
    request = Request(asked.recipe, workspace, catalog, os.environ, asked.overrides, asked.profile)
    graph = build_graph(request)
    check_leaks(graph, request)
    plan = make_plan(graph, request)
    show_diagnostics(request.diagnostics)
    return plan, Written(asked.recipe, origins(graph))


def _run_to_resume(asked: Asked, workspace: Path, plan: Plan | None, *, searched: bool) -> RunDirectory | None:
    from ymltrain.cli.fit import NEWEST

    if asked.resume is None:
        return None
    if asked.resume == NEWEST:
        assert plan is not None
        run = newest_unfinished(workspace, plan.name)
        if searched and (run is None or run.plan().digest != plan.digest):
            return None  # the search had not come to its end
        if run is None:
            hint = "start one: the same command without --resume"
            raise UsageError("YT814", f'there is no unfinished run of "{plan.name}" in {workspace / "runs"}', hint)
    else:
        run = find_run(workspace, asked.resume)
        if run.final_file.exists():
            raise UsageError("YT815", f"run {run.run_id} has ended already", "start a new run with `ymltrain fit RECIPE`")
    if plan is not None:
        _go_on_with(run, plan, asked)
    return run


def _go_on_with(run: RunDirectory, plan: Plan, asked: Asked) -> None:
    """Let a run go on with the plan that is asked for, where it may differ from the one it began with."""
    begun = run.plan()
    if begun.digest == plan.digest:
        return
    now = read_plan(write_plan(plan), "the plan")  # as JSON has it: lists, where the compiler has tuples
    changes = list(find_changes(begun.recipe.resolved, now.recipe.resolved))
    verdicts = {change.verdict for change in changes}
    listed = [str(change) for change in changes]
    was, is_now = _sources(begun), _sources(now)
    if not changes or any(was[name] != is_now[name] for name in was.keys() & is_now.keys()):
        verdicts.add(Verdict.FORCE)
        listed.append(f"{Verdict.FORCE.value}: the installed plugins or ymltrain changed since")
    if Verdict.REFUSED in verdicts or (Verdict.FORCE in verdicts and not asked.force):
        goes_on = f"`ymltrain fit --resume {run.run_id}` goes on as it began"
        ways = "take the refused changes back" if Verdict.REFUSED in verdicts else "take the changes back, or add --force"
        raise UsageError(
            "YT816",
            f"run {run.run_id} cannot go on with another recipe than it began with:\n  " + "\n  ".join(listed),
            f"{ways}, or start a new run without --resume; {goes_on}",
        )
    run.replace_plan(plan, _yaml(plan.recipe.resolved))
    for line in listed:
        say((f"changed, {line}", "yellow"))
    if not all(change.keeps_bits for change in changes):
        say(("the weights will equal an uninterrupted run's to float tolerance, not to the bit", "yellow"))


def _sources(plan: Plan) -> dict[str, PluginSource]:
    """Where each plugin comes from that both recipes may choose."""
    return {f"{node.kind} {node.type}": node.plugin for node in plan.nodes}


def _yaml(resolved: Mapping[str, object]) -> str:
    import yaml

    return str(yaml.safe_dump(dict(resolved), sort_keys=False, allow_unicode=True))
