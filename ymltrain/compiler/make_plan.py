"""Pass 12: the graph as a Plan: frozen, complete, with a digest."""

from __future__ import annotations

from typing import Any

import msgspec

from ymltrain import __version__
from ymltrain.compiler.graph import Column, LinkedNode, PluginGraph, Target
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.splits import fractions
from ymltrain.compiler.stages import draw_stages
from ymltrain.compiler.topology import derive_topology
from ymltrain.diagnostics import UsageError
from ymltrain.kinds.kind import KINDS
from ymltrain.kinds.params import path_params
from ymltrain.plan.plan import FeatureSpec, Plan, PlanNode, RecipeRecord, RegisterSpec, TargetSpec, Watch, seal
from ymltrain.plan.seeds import seed_tree
from ymltrain.recipe.compose import VERSION
from ymltrain.recipe.document import plain
from ymltrain.recipe.grammar import SECTIONS


def make_plan(graph: PluginGraph, request: Request) -> Plan:
    """The Plan of a graph without errors. Raises UsageError when the data were not looked at."""
    if graph.look is None:
        raise UsageError("YT801", "a plan needs a look at the data", "make it where the data can be read")
    assert graph.trainer is not None
    assert graph.compute is not None
    assert graph.skew is not None
    root = graph.root
    seed = int(_text(graph, "seed") or 0)
    keys = root.at(("keys",))
    del request
    plan = Plan(
        ymltrain=__version__,
        name=_text(graph, "name"),
        description=_text(graph, "description"),
        seed=seed,
        seeds=seed_tree(seed),
        nodes=tuple(_plan_node(node) for node in graph.nodes.values()),
        edges=graph.edges,
        keys=tuple(plain(keys)) if keys is not None else (),
        event_time=_text(graph, "event_time") or None,
        weight=_text(graph, "weight") or None,
        features=tuple(
            FeatureSpec(
                column=column.name,
                type=column.type,
                encoder=f"encoder:{column.name}",
                order=column.order,
                time_zone=column.time_zone,
                format=column.format,
                available_at=column.available_at,
                serving_default=column.serving_default,
            )
            for column in graph.columns
        ),
        target=_target(graph),
        trainer=graph.trainer,
        topology=derive_topology(graph.compute, graph.trainer, is_single=graph.nodes["strategy"].type == "single"),
        compute=graph.compute,
        strategy_reason=graph.strategy_reason,
        watch=_watch(graph),
        skew=graph.skew,
        bundle=graph.bundle,
        evaluation=graph.evaluation,
        register=_register(graph),
        stages=(),
        search=graph.search,
        recipe=RecipeRecord(composed=_composed(graph), resolved=resolved_recipe(graph)),
    )
    return seal(msgspec.structs.replace(plan, stages=draw_stages(plan, graph)))


def resolved_recipe(graph: PluginGraph) -> dict[str, Any]:
    """The recipe in long form with every default filled in; params of plugins as the plan holds them."""
    resolved: dict[str, Any] = {"recipe": VERSION, **plain(graph.root)}
    resolved.setdefault("seed", 0)
    for node in graph.nodes.values():
        if node.kind in ("metric", "tracker", "encoder"):
            continue
        if node.kind == "pruner":
            resolved["tuner"]["pruner"] = {"type": node.type, **_params(node)}
            continue
        owned = {key: value for key, value in resolved.get(node.kind, {}).items() if key in KINDS[node.kind].owned_keys}
        resolved[node.kind] = {**owned, "type": node.type, **_params(node)}
    for list_name, kind in (("metrics", "metric"), ("tracker", "tracker")):
        resolved[list_name] = [{"type": node.type, **_params(node)} for node in graph.of_kind(kind)]
    if graph.columns or resolved.get("features", "auto") != "auto":
        resolved["features"] = {
            **{name: entry for name, entry in _written_features(resolved).items() if entry.get("type") == "ignore"},
            **{column.name: _column(column) for column in graph.columns},
        }
    if graph.target is not None:
        resolved["target"] = _resolved_target(graph.target)
    for name, section in (
        ("evaluation", graph.evaluation),
        ("trainer", graph.trainer),
        ("compute", graph.compute),
        ("bundle", graph.bundle),
        ("skew", graph.skew),
    ):
        if section is not None:
            resolved[name] = {**msgspec.to_builtins(section), **_launcher(resolved, name)}
    if "registry" in resolved:
        resolved["registry"].setdefault("name", resolved.get("name"))
    return {section: resolved[section] for section in SECTIONS if section in resolved}


def _composed(graph: PluginGraph) -> dict[str, Any]:
    """The recipe before interpolation; paths of data as the plan holds them, whichever file wrote them."""
    composed: dict[str, Any] = plain(graph.resolved.document)
    for node in graph.nodes.values():
        written = composed
        for key in node.path:
            written = written.get(key, {}) if isinstance(key, str) and isinstance(written, dict) else {}
        for name in path_params(type(node.params)):
            if isinstance(written, dict) and name in written:
                written[name] = getattr(node.params, name)
    return composed


def _launcher(resolved: dict[str, Any], section: str) -> dict[str, Any]:
    if section != "compute":
        return {}
    return {"launcher": resolved.get("compute", {}).get("launcher", {"type": "local"})}


def _written_features(resolved: dict[str, Any]) -> dict[str, Any]:
    features = resolved.get("features", {})
    return features if isinstance(features, dict) else {}


def _resolved_target(target: Target) -> dict[str, Any]:
    """The target's keys that its task knows, all filled in."""
    names = {"columns": list(target.columns)} if target.task == "multilabel" else {"column": target.columns[0]}
    resolved: dict[str, Any] = {**names, "type": target.type}
    if target.task == "regression":
        resolved["transform"] = target.transform
    resolved["task"] = target.task
    if target.task in ("binary", "multilabel"):
        resolved["threshold"] = _threshold(target)
    if target.task == "next_token" and target.text is not None:
        text = target.text
        resolved |= {"tokenizer": text.tokenizer, "context": text.context, "continuation": text.continuation}
        resolved |= {"vocab_size": text.vocabulary} if text.tokenizer == "bpe" else {}
    written = {"positive": target.positive, "order": target.order, "class_weights": target.class_weights}
    return resolved | {
        key: list(value) if isinstance(value, tuple) else value for key, value in written.items() if value is not None
    }


def _threshold(target: Target) -> float:
    return 0.5 if target.threshold is None else target.threshold


def _column(column: Column) -> dict[str, Any]:
    written: dict[str, Any] = {"type": column.type}
    if column.order is not None:
        written["order"] = list(column.order)
    if column.type == "timestamp":
        written["time_zone"] = column.time_zone
    if column.format is not None:
        written["format"] = column.format
    if column.available_at is not None:
        written["available_at"] = column.available_at
    if column.serving_default is not None:
        written["serving_default"] = column.serving_default
    if column.encoder is not None:
        written["encoder"] = {"type": column.encoder.type, **_params(column.encoder)}
    return written


def _params(node: LinkedNode) -> dict[str, Any]:
    params: dict[str, Any] = msgspec.to_builtins(node.params)
    return params


def _plan_node(node: LinkedNode) -> PlanNode:
    return PlanNode(id=node.id, kind=node.kind, type=node.type, params=_params(node), plugin=node.plugin.entry.source)


def _text(graph: PluginGraph, key: str) -> Any:
    node = graph.root.at((key,))
    return "" if node is None else node.value


def _target(graph: PluginGraph) -> TargetSpec:
    target = graph.target
    assert target is not None
    assert target.type is not None
    assert target.task is not None
    return TargetSpec(
        columns=target.columns,
        type=target.type,
        transform=target.transform,  # type: ignore[arg-type]  # the envelope allows no other
        task=target.task,
        positive=target.positive,
        threshold=_threshold(target),
        order=target.order,
        class_weights=target.class_weights,  # type: ignore[arg-type]  # the envelope allows no other
        text=target.text if target.task == "next_token" else None,
    )


def _watch(graph: PluginGraph) -> Watch | None:
    """The metric that epochs are compared by: early stopping's, else val/loss; none without a val split."""
    assert graph.trainer is not None
    if fractions(graph).get("val", 1) == 0:
        return None
    early = graph.trainer.early_stopping
    name = early.metric if early is not None else "val/loss"
    for node in graph.of_kind("metric"):
        if name.split("/", 1)[1] == node.type:
            return Watch(metric=name, goal=node.plugin.implementation.goal)
    return Watch(metric=name, goal="minimize")


def _register(graph: PluginGraph) -> RegisterSpec | None:
    if "registry" not in graph.nodes:
        return None
    written = graph.root.at(("registry", "name"))
    return RegisterSpec(model=str(written.value if written is not None else _text(graph, "name")), promote=graph.promote)
