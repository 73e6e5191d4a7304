"""A study as one HTML page: what is best, how it was found, what mattered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import yaml

from ymltrain.compiler.search.trial import point_settings
from ymltrain.plan.plan import Plan
from ymltrain.plan.search.domains import Int, LogUniform
from ymltrain.plan.search.space import Space
from ymltrain.report.html import (
    Chart,
    Curve,
    Curves,
    CurvesChart,
    Dimension,
    Facts,
    Figure,
    Fold,
    Listing,
    Marked,
    Page,
    Prose,
    Section,
    Table,
    bars,
    parallel_coordinates,
    points,
)
from ymltrain.report.html.parts import Part
from ymltrain.report.numbers import seconds
from ymltrain.report.search_plan import domain_text
from ymltrain.search.directory import StudyDirectory
from ymltrain.search.findings import Finding
from ymltrain.search.importance import Importance
from ymltrain.search.study import Study, Trial

MOST_LINES = 1_000
MOST_CURVES = 150
MOST_ROWS = 500


def study_page(directory: StudyDirectory, plan: Plan, study: Study, findings: Sequence[Finding], told: Importance | str) -> Page:
    """The page."""
    sections = [Section("Best candidate", _best(study)), Section("To be aware of", _findings(findings))]
    sections += [Section("Course of the search", _history(study)), Section("Curves", _curves(study))]
    sections += [Section("Keys", [*_importance(told), *_parallel(study)]), Section("Slices", _slices(study))]
    sections += [Section("Trials", _trials(study)), Section("Search", _search(plan, study))]
    counts = Counter(trial.state for trial in study.trials)
    states = ", ".join(f"{count:,} {state}" for state, count in counts.most_common())
    lead = (
        f"{len(study.trials):,} trials ({states}) in {seconds(study.seconds)}, judged by {study.spec.metric}, to {study.spec.goal}."
    )
    return Page(title=f"Search of {plan.name}", lead=lead, sections=sections, foot=f"study {directory.study_id}, made by ymltrain")


def best_yaml(space: Space, point: dict[str, Any]) -> str:
    """A candidate as a part of a recipe, ready to be pasted."""
    nested: dict[str, Any] = {}
    for path, value in point_settings(space, point):
        node = nested
        for key in path[:-1]:
            if not isinstance(node.get(str(key)), dict):
                node[str(key)] = {"type": node[str(key)]} if str(key) in node else {}
            node = node[str(key)]
        node[str(path[-1])] = dict(value) if isinstance(value, dict) else value
    return str(yaml.safe_dump(nested, sort_keys=False, allow_unicode=True, default_flow_style=None))


def _best(study: Study) -> list[Part]:
    best = study.best
    if best is None:
        return [Prose("No trial is complete yet.")]
    facts: dict[str, Any] = {study.spec.metric: Marked(best.value, "good"), "trial": best.number, "epochs": len(best.values)}
    facts |= {name: value for name, value in best.metrics.items() if name != study.spec.metric}
    return [Facts(facts), Prose("As a part of the recipe:"), Listing(best_yaml(study.spec.space, best.point))]


def _findings(findings: Sequence[Finding]) -> list[Part]:
    if not findings:
        return [Prose("Nothing: no value of the best lies on a bound, and neither the budget nor the pruner looks wrong.")]
    return [Table(["what", "why"], [[finding.name, finding.message] for finding in findings])]


def _complete(study: Study) -> list[Trial]:
    return [trial for trial in study.visible if trial.state == "complete" and trial.value is not None]


def _history(study: Study) -> list[Part]:
    """Each trial's value by its number, and the best so far as a line over them."""
    complete = _complete(study)
    if not complete:
        return [Prose("No trial is complete yet.")]
    numbers: list[float | None] = [trial.number for trial in complete]
    values = [trial.value for trial in complete]
    best: list[float | None] = []
    for value in values:
        better = min if study.spec.goal == "minimize" else max
        best.append(value if not best or best[-1] is None or value is None else better(best[-1], value))
    figure: Figure = points(
        numbers, values, labels=[_label(trial) for trial in complete], x_title="trial", y_title=study.spec.metric
    )
    figure["data"][0] |= {"name": "complete", "showlegend": True}
    steps = {
        "type": "scatter",
        "mode": "lines",
        "name": "best so far",
        "x": numbers,
        "y": best,
        "line": {"shape": "hv", "width": 2},
    }
    figure["data"].append(steps)
    pruned = [trial for trial in study.visible if trial.state == "pruned" and trial.values]
    if pruned:
        worth = [min(trial.values) if study.spec.goal == "minimize" else max(trial.values) for trial in pruned]
        marks = {
            "type": "scatter",
            "mode": "markers",
            "name": "pruned, where it stood",
            "x": [trial.number for trial in pruned],
            "y": worth,
        }
        figure["data"].append(marks | {"marker": {"size": 5, "opacity": 0.4, "symbol": "x"}})
    return [Chart(figure, "Value by trial", height=380)]


def _curves(study: Study) -> list[Part]:
    """The metric over epochs; of many trials the best, and others evenly."""
    trained = [trial for trial in study.visible if trial.values]
    if not trained:
        return [Prose("No trial has ended an epoch yet.")]
    shown = _some(study, trained)
    curves = [
        Curve(index, {"epoch": [float(epoch) for epoch in range(1, len(trial.values) + 1)]}, trial.values)
        for index, trial in enumerate(shown)
    ]
    labels = [f"{trial.number} {trial.state}" for trial in shown]
    details = [_short(trial.point) for trial in shown]
    parts: list[Part] = [Curves(labels, [CurvesChart(study.spec.metric, curves)], axes=("epoch",), details=details)]
    if len(shown) < len(trained):
        parts.append(Prose(f"{len(shown)} of {len(trained):,} trials are shown: the best, and others evenly over the search."))
    reached = Counter(len(trial.values) for trial in trained if trial.state == "pruned")
    if reached:
        rows = [[epoch, count] for epoch, count in sorted(reached.items())]
        parts.append(Fold("Where pruned trials ended", [Table(["epochs", "trials"], rows)]))
    return parts


def _some(study: Study, trained: list[Trial]) -> list[Trial]:
    if len(trained) <= MOST_CURVES:
        return trained
    best = sorted(_complete(study), key=lambda trial: study.loss(trial.value or 0.0))[: MOST_CURVES // 3]
    rest = [trial for trial in trained if trial not in best]
    step = len(rest) / (MOST_CURVES - len(best))
    kept = best + [rest[int(index * step)] for index in range(MOST_CURVES - len(best))]
    return sorted(kept, key=lambda trial: trial.number)


def _importance(told: Importance | str) -> list[Part]:
    if isinstance(told, str):
        return [Prose(f"The importance of the keys cannot be told: {told}.")]
    names = [path for path, _, _ in told.shares]
    shares: list[float | None] = [share for _, share, _ in told.shares]
    errors: list[float | None] = [deviation for _, _, deviation in told.shares]
    figure = bars(names, {"importance": shares}, value_title="share", errors={"importance": errors}, horizontal=True)
    trust = "well" if told.fit > 0.5 else "moderately well" if told.fit > 0.2 else "badly: do not build on this"
    note = f"Permutation importance of a random forest, which predicts trials it has not seen {trust} (R² {told.fit:.2f})."
    return [Chart(figure, "How much each key mattered", height=80 + 32 * len(names), note=note)]


def _parallel(study: Study) -> list[Part]:
    complete = sorted(_complete(study), key=lambda trial: study.loss(trial.value or 0.0))[:MOST_LINES]
    if len(complete) < 2:
        return []
    axes = []
    for dimension in _paths(study):
        is_log = isinstance(dimension.domain, LogUniform) or (isinstance(dimension.domain, Int) and dimension.domain.log)
        axes.append(Dimension(dimension.path, [_axis_value(trial.point.get(dimension.path)) for trial in complete], is_log))
    axes.append(Dimension(study.spec.metric, [trial.value for trial in complete]))
    figure = parallel_coordinates(axes, colors=[trial.value for trial in complete], color_title=study.spec.metric)
    return [Chart(figure, "Complete trials, one line each", height=460, note="Drag along an axis to keep a part of the lines.")]


def _slices(study: Study) -> list[Part]:
    complete = sorted(_complete(study), key=lambda trial: study.loss(trial.value or 0.0))[:MOST_LINES]
    parts: list[Part] = []
    for dimension in _paths(study):
        shown = [trial for trial in complete if dimension.path in trial.point]
        if not shown:
            continue
        values: list[Any] = [_axis_value(trial.point[dimension.path]) for trial in shown]
        is_log = isinstance(dimension.domain, LogUniform) or (isinstance(dimension.domain, Int) and dimension.domain.log)
        figure = points(
            values,
            [trial.value for trial in shown],
            labels=[_label(trial) for trial in shown],
            x_title=dimension.path,
            y_title=study.spec.metric,
            colors=[float(trial.number) for trial in shown],
            color_title="trial",
            log=("x",) if is_log else (),
        )
        parts.append(Chart(figure, dimension.path, height=280))
    return parts or [Prose("No trial is complete yet.")]


def _trials(study: Study) -> list[Part]:
    """The best, those that failed, and the newest of the others."""
    order = {"complete": 0, "failed": 1, "running": 2, "paused": 3, "pruned": 4}
    ranked = sorted(
        study.trials,
        key=lambda trial: (order[trial.state], study.loss(trial.value) if trial.value is not None else 0.0, -trial.number),
    )
    paths = list(dict.fromkeys(dimension.path for dimension in study.spec.space.dimensions))
    tones: dict[str, Any] = {"complete": "good", "failed": "bad", "pruned": "muted"}
    rows = [
        [
            trial.number,
            Marked(trial.state, tones.get(trial.state, "plain")),
            trial.value,
            len(trial.values),
            round(trial.seconds, 1),
            *(_axis_value(trial.point.get(path)) for path in paths),
            trial.reason,
        ]
        for trial in ranked[:MOST_ROWS]
    ]
    caption = f"{len(rows):,} of {len(ranked):,} trials" if len(rows) < len(ranked) else ""
    return [Table(["trial", "state", study.spec.metric, "epochs", "seconds", *paths, "reason"], rows, caption)]


def _search(plan: Plan, study: Study) -> list[Part]:
    spec = study.spec
    rows = [
        [dimension.path, domain_text(dimension.domain), ", ".join(f"{one.switch}={one.branch}" for one in dimension.when)]
        for dimension in spec.space.dimensions
    ]
    pruners = plan.nodes_of("pruner")
    facts: dict[str, Any] = {
        "searcher": f"{plan.node('tuner').type} {_short(plan.node('tuner').params)}",
        "pruner": f"{pruners[0].type} {_short(pruners[0].params)}" if pruners else "none",
        "trials at most": spec.budget.max_trials,
        "at a time": spec.budget.parallel,
        "seed": plan.seed,
        "ended": study.closed.reason if study.closed is not None else "not yet",
    }
    parts: list[Part] = [Facts(facts), Table(["key", "values", "on branch"], rows)]
    if spec.space.constraints:
        parts.append(Table(["constraints"], [[str(constraint)] for constraint in spec.space.constraints]))
    return parts


def _paths(study: Study) -> list[Any]:
    """One dimension for each path: of a key that several branches have, the first one's."""
    return list({dimension.path: dimension for dimension in reversed(study.spec.space.dimensions)}.values())[::-1]


def _axis_value(value: Any) -> Any:
    return value if value is None or (isinstance(value, int | float) and not isinstance(value, bool)) else str(value)


def _label(trial: Trial) -> str:
    return f"trial {trial.number}"


def _short(point: Any) -> str:
    return " ".join(f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}" for key, value in point.items())
