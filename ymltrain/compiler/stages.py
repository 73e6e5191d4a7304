"""Which stages a plan has, and what of the plan each depends on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ymltrain.compiler.graph import PluginGraph
from ymltrain.kinds.params import path_params
from ymltrain.plan.plan import Plan
from ymltrain.plan.stages import Stage, chain_stages


def draw_stages(plan: Plan, graph: PluginGraph) -> tuple[Stage, ...]:
    """The stages of a plan that has none yet, lower ones first."""
    return chain_stages(_parts(plan, graph))


def _parts(plan: Plan, graph: PluginGraph) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    yield "data", (), [plan.ymltrain, _reading(plan, graph)]
    yield (
        "features",
        ("data",),
        [
            plan.nodes_of("split"),
            plan.nodes_of("encoder"),
            plan.features,
            plan.target,
            [plan.keys, plan.event_time, plan.weight],
            [plan.seeds["split"], plan.seeds["golden"], plan.skew.golden_rows, plan.skew.profile],
        ],
    )
    kinds = ("model", "optimizer", "lr_scheduler", "loss", "metric", "strategy")
    nodes = [plan.nodes_of(kind) for kind in kinds]
    seeds = [plan.seeds[purpose] for purpose in ("weights", "order", "dropout")]
    yield "train", ("features",), [nodes, plan.trainer, plan.topology, plan.watch, seeds]
    yield "evaluate", ("train",), [plan.nodes_of("metric"), plan.evaluation, plan.seeds["bootstrap"]]
    yield "bundle", ("train", "evaluate"), [plan.name, plan.description, plan.skew, plan.bundle]
    if plan.register is not None:
        yield "register", ("bundle",), [plan.nodes_of("registry"), plan.register.model]
        if plan.register.promote is not None:
            yield "promote", ("register",), plan.register.promote


def _reading(plan: Plan, graph: PluginGraph) -> Any:
    """How the data are read, and not where they lie: what is there is known by its fingerprint."""
    node = plan.node("datasource")
    paths = path_params(graph.nodes["datasource"].plugin.params)
    return [node.type, {name: value for name, value in node.params.items() if name not in paths}, node.plugin]
