"""A whole search: from a plan with a tuner to the best trial's plan; resumable at any moment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ymltrain import __version__
from ymltrain.catalog.catalog import Catalog
from ymltrain.compiler.make_plan import make_plan
from ymltrain.compiler.passes import compile_trial
from ymltrain.compiler.request import Request
from ymltrain.diagnostics import Diagnostics, RunError
from ymltrain.plan.plan import Plan, PlanNode, read_plan, write_plan
from ymltrain.plan.search.space import Space
from ymltrain.plan.seeds import derive_seed
from ymltrain.record.faults import folder_fault
from ymltrain.record.process import ProcessIdentity
from ymltrain.run.signals import StopSignal, stop_on_signals
from ymltrain.search.asking import Candidates
from ymltrain.search.deciding import Decisions
from ymltrain.search.directory import StudyDirectory
from ymltrain.search.engine import Engine, View, Watcher, Watchers
from ymltrain.search.events import Closed, Opened
from ymltrain.search.journal import Journal
from ymltrain.search.messages import Setup
from ymltrain.search.placement import LocalPlacement, threads_of_each
from ymltrain.search.respace import change_of
from ymltrain.search.study import Study, Trial
from ymltrain.search.tensorboard import TensorBoardView
from ymltrain.storage import write_durably


@dataclass(frozen=True)
class SearchJob:
    """One execution of a study: `plan` is what the recipe says now, None when only the study was named."""

    directory: StudyDirectory
    workspace: Path
    catalog: Catalog
    environment: Mapping[str, str]
    plugins: Sequence[Path]
    watcher: View
    plan: Plan | None = None


@dataclass(frozen=True)
class Searched:
    """What a search came to."""

    directory: StudyDirectory
    plan: Plan
    study: Study
    closed: Closed


def search(job: SearchJob) -> Searched:
    """Search until the study is closed. Raises UsageError when it cannot go on, RunError when its disk refuses."""
    directory = job.directory
    with directory.locked(), stop_on_signals() as stop:
        plan, study = directory.study()
        journal = Journal(directory.journal_file)
        try:
            process = ProcessIdentity.current()
            opened = Opened(ymltrain=__version__, host=process.host, pid=process.pid, plan=plan.digest)
            change = None
            now = None if job.plan is None else read_plan(write_plan(job.plan), "the plan")  # as JSON has it: lists, not tuples
            if now is not None:
                file = f"plan-{len(list(directory.path.glob('plan*.json'))) + 1}.json"
                change = change_of(plan, now, study, file)
            if change is not None and now is not None:
                _keep_plan(directory, change.plan_file, now)
                plan = now
                _append(journal, study, job.watcher, change)
                assert plan.search is not None
                study = Study(plan.search, directory.events())
            _append(journal, study, job.watcher, opened)
            closed = _engine(job, plan, study, journal, stop).run()
        finally:
            journal.close()
    return Searched(directory, plan, study, closed)


def plan_of_point(plan: Plan, point: Mapping[str, Any], workspace: Path, catalog: Catalog, environment: Mapping[str, str]) -> Plan:
    """The plan of a study's recipe with a point laid over it, or with its own values at no point at all. Without a search."""
    assert plan.search is not None
    space = plan.search.space if point else Space(dimensions=())
    request = Request(Path("recipe.yaml"), workspace, catalog, environment)
    return make_plan(compile_trial(plan.recipe.composed, space, point, request), request)


def best_plan(plan: Plan, study: Study, job: SearchJob) -> Plan:
    """The plan of the best trial: what a fit trains. Raises RunError when no trial is complete."""
    best = study.best
    if best is None:
        raise RunError(
            "YT946", "no trial of the study is complete, so there is no best one", "`ymltrain tune report` shows why trials failed"
        )
    return plan_of_point(plan, best.point, job.workspace, job.catalog, job.environment)


def trial_compiler(plan: Plan, job: SearchJob) -> Callable[[Trial], Plan]:
    """Makes the plan of a trial from the plan of its study; the data are looked at once."""
    assert plan.search is not None
    space = plan.search.space
    request = Request(Path("recipe.yaml"), job.workspace, job.catalog, job.environment)

    def compiled(trial: Trial) -> Plan:
        nonlocal request
        request = replace(request, diagnostics=Diagnostics())
        graph = compile_trial(plan.recipe.composed, space, trial.point, request)
        request = replace(request, look=graph.look)
        return make_plan(graph, request)

    return compiled


def _engine(job: SearchJob, plan: Plan, study: Study, journal: Journal, stop: StopSignal) -> Engine:
    assert plan.search is not None
    tuner = plan.node("tuner")
    pruners: tuple[PlanNode, ...] = plan.nodes_of("pruner")
    pruner = job.catalog.build(pruners[0], job.environment) if pruners else None
    candidates = Candidates(plan.search, job.catalog.build(tuner, job.environment), tuner.type, derive_seed(plan.seed, "search"))
    parallel = plan.search.budget.parallel
    return Engine(
        study=study,
        journal=journal,
        decisions=Decisions(study, candidates, pruner, plan.trainer.max_epochs),
        placement=LocalPlacement(job.directory.workers, os.environ),
        setup=Setup(
            workspace=str(job.workspace),
            plugins=tuple(str(path.resolve()) for path in job.plugins),
            threads=threads_of_each(parallel, os.environ),
        ),
        trials_folder=job.directory.trials,
        compile_trial=trial_compiler(plan, job),
        watcher=_watchers(job, plan, study),
        stop=stop,
    )


def _keep_plan(directory: StudyDirectory, name: str, plan: Plan) -> None:
    try:
        write_durably(directory.path / name, write_plan(plan))
    except OSError as error:
        raise folder_fault(directory.path, error) from error


def _watchers(job: SearchJob, plan: Plan, study: Study) -> Watcher:
    """Who watches the search: the person, and TensorBoard when it tracks the recipe's runs."""
    nodes = [node for node in plan.nodes_of("tracker") if node.type == "tensorboard"]
    if not nodes:
        return job.watcher
    view = TensorBoardView(job.directory.tensorboard, lambda: job.catalog.build(nodes[0], job.environment), job.watcher.warn)
    view.catch_up(study)
    return Watchers((job.watcher, view))


def _append(journal: Journal, study: Study, watcher: Watcher, event: object) -> None:
    stamped = journal.append(event)  # type: ignore[arg-type]  # one of the study's events
    study.apply(stamped)
    watcher.watch(stamped, study)
