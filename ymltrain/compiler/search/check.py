"""Pass 11: the search, checked up front: every end of every domain is compiled as a trial would be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from ymltrain.compiler.graph import PluginGraph
from ymltrain.compiler.make_plan import resolved_recipe
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.measures import written_metrics
from ymltrain.compiler.search.constraints import read_constraints
from ymltrain.compiler.search.probes import find_faults
from ymltrain.compiler.search.try_first import read_try_first
from ymltrain.compiler.search.written import WrittenDimension, read_dimensions
from ymltrain.diagnostics import Diagnostic, KeyPath, Severity, did_you_mean
from ymltrain.plan.search.domains import Switch
from ymltrain.plan.search.space import Space
from ymltrain.plan.search.spec import Budget, SearchSpec
from ymltrain.recipe.document import Node, plain

BuildGraph = Callable[[Node, Request], PluginGraph]

BUDGET_KEYS = tuple(Budget.__struct_fields__)


def check_search(graph: PluginGraph, request: Request, build: BuildGraph) -> PluginGraph:
    """The graph with its search, if the recipe has a tuner; what is wrong with it is reported."""
    tuner = graph.root.at(("tuner",))
    if tuner is None:
        return graph
    return _Check(graph, request, tuner).run(build)


class _Check:
    def __init__(self, graph: PluginGraph, request: Request, tuner: Node) -> None:
        self._graph, self._request, self._tuner = graph, request, tuner
        self._resolved = resolved_recipe(graph)

    def run(self, build: BuildGraph) -> PluginGraph:
        """Each step looks at what the one before found sound."""
        judged = self._judged()
        written_space = self._tuner.at(("space",))
        if written_space is None:
            self._report(
                "YT641", "the tuner has no space", "say what to search: space: {optimizer.lr: {loguniform: [1e-4, 1e-2]}}", ()
            )
            return self._graph
        written = read_dimensions(written_space, self._request.diagnostics)
        for found in find_faults(self._graph, written, self._request, build):
            self._request.diagnostics.add(found)
        if self._request.diagnostics.has_error_within(("tuner", "space")) or not written:
            return self._graph
        dimensions = tuple(one.dimension for one in written)
        constraints = read_constraints(self._tuner, dimensions, self._resolved, self._request.diagnostics)
        space = Space(dimensions=dimensions, constraints=constraints)
        self._check_space(space)
        base = {one.dimension.path: value for one in written if (value := self._base(one)) is not None}
        try_first = read_try_first(self._tuner, space, base, self._request.diagnostics)
        if judged is None:
            return self._graph
        metric, goal = judged
        budget = msgspec.convert(
            {key: plain(self._tuner.mapping[key]) for key in BUDGET_KEYS if key in self._tuner.mapping}, Budget
        )
        self._check_budget(space, budget)
        spec = SearchSpec(metric=metric, goal=goal, budget=budget, space=space, try_first=try_first, base=base)  # type: ignore[arg-type]  # a Literal
        return replace(self._graph, search=spec)

    def _judged(self) -> tuple[str, str] | None:
        """The metric that trials are judged by, and its direction."""
        written, goal = self._tuner.at(("metric",)), self._tuner.at(("goal",))
        early = self._graph.trainer.early_stopping if self._graph.trainer is not None else None
        name = str(written.value) if written is not None else early.metric if early is not None else "val/loss"
        choices = [metric for metric in written_metrics(self._graph) if metric.startswith("val/")]
        if name not in choices:
            hint = did_you_mean(name, choices) if choices else "give the val split rows"
            if name.startswith("test/"):
                hint = (
                    "the test split is for judging what was chosen, not for choosing; did you mean "
                    + name.replace("test/", "val/")
                    + "?"
                )
            self._report("YT645", f'trials cannot be judged by "{name}"', hint, ("metric",))
            return None
        natural = "minimize"
        for node in self._graph.of_kind("metric"):
            if name == f"val/{node.type}":
                natural = node.plugin.implementation.goal
        if goal is not None and goal.value != natural:
            self._report(
                "YT646",
                f"{name} is better when it is {'lower' if natural == 'minimize' else 'higher'}",
                "leave `goal` out",
                ("goal",),
            )
            return None
        return name, natural

    def _check_space(self, space: Space) -> None:
        node = self._graph.nodes.get("tuner")
        for problem in node.plugin.implementation(node.params).problems(space) if node is not None else ():
            self._report(
                "YT647",
                f'the tuner "{node.type if node else ""}" cannot search this space: {problem}',
                "choose another tuner",
                ("space",),
            )
        if space.constraints and space.draw(0) is None:
            message = "of a thousand points drawn none meets the constraints"
            self._report("YT643", message, "widen them: a search would find hardly anything to try", ("constraints",))
        for dimension in space.dimensions:
            if dimension.path.split(".")[0] == "loss" and self._named_metric().endswith("/loss"):
                self._report(
                    "YT640", "loss cannot be tuned while trials are judged by it", "write `metric: val/…` with a metric", ("space",)
                )

    def _named_metric(self) -> str:
        written = self._tuner.at(("metric",))
        return str(written.value) if written is not None else "val/loss"

    def _check_budget(self, space: Space, budget: Budget) -> None:
        """Warn of what would be no search at all."""
        max_epochs = self._graph.trainer.max_epochs if self._graph.trainer is not None else 1
        pruner = self._graph.nodes.get("pruner")
        if pruner is not None:
            rungs = pruner.plugin.implementation(pruner.params).rungs(budget.max_trials, max_epochs)
            if len(rungs) == 1:
                message = (
                    f'the pruner "{pruner.type}" has nothing to decide: its first rung is not before epoch {max_epochs}, the last'
                )
                self._report("YT649", message, "lower its `min`, or leave it out", ("pruner",), Severity.WARNING)
        if space.size is not None and space.size < budget.max_trials:
            message = (
                f"the space has {space.size:,} points, fewer than {budget.max_trials:,} trials: the search ends when all were tried"
            )
            self._report("YT649", message, "`tuner: grid` tries each once", ("max_trials",), Severity.WARNING)

    def _base(self, one: WrittenDimension) -> Any:
        """The recipe's own value of a tuned key; of a switch the first branch that sets what the recipe has."""
        value = _value_at(self._resolved, one.target)
        domain = one.dimension.domain
        if not isinstance(domain, Switch):
            return value
        for name, settings in domain.branches.items():
            if isinstance(value, Mapping) and all(value.get(key) == wanted for key, wanted in settings.items()):
                return name
        return None

    def _report(self, code: str, message: str, hint: str, below: KeyPath, severity: Severity = Severity.ERROR) -> None:
        path: KeyPath = ("tuner", *below)
        self._request.diagnostics.add(Diagnostic(code, message, hint, self._graph.root.nearest(path).place, path, severity))


def _value_at(resolved: Mapping[str, Any], path: KeyPath) -> Any:
    value: Any = resolved
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    if isinstance(value, Mapping) and set(value) == {"type"}:
        return value["type"]
    return msgspec.json.decode(msgspec.json.encode(value))  # lists, where params have tuples
