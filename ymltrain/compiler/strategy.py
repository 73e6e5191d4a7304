"""Pass 10: which strategy `auto` is, from the devices and from what the model's state takes on each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ymltrain.compiler.graph import LinkedNode, PluginGraph
from ymltrain.compiler.link import link_default
from ymltrain.compiler.look import task_of
from ymltrain.compiler.request import Request
from ymltrain.compiler.topology import derive_topology
from ymltrain.plan.shapes import FeatureShape, OutputShape
from ymltrain.plan.topology import Topology

if TYPE_CHECKING:
    import polars as pl

ROOM_FOR_STATE = 0.7
"""Of a device's memory; activations, gathered weights and the data take the rest."""


def choose_strategy(graph: PluginGraph, request: Request) -> PluginGraph:
    """The graph with the strategy that `auto` stands for, and why."""
    written = graph.root.at(("strategy", "type"))
    if (written is not None and written.value != "auto") or graph.compute is None or graph.trainer is None:
        return graph
    if "strategy" not in graph.nodes:
        return graph
    topology = derive_topology(graph.compute, graph.trainer, is_single=False)
    name, why = _choice(graph, topology, request)
    node = graph.nodes["strategy"]
    if node.type != name:
        node = link_default("strategy", name, ("strategy",), request)
    return replace(graph, nodes={**graph.nodes, "strategy": node}, strategy_reason=why)


def _choice(graph: PluginGraph, topology: Topology, request: Request) -> tuple[str, str]:
    if topology.world_size == 1:
        return "single", "there is one device"
    assert graph.compute is not None
    devices = f"{topology.world_size} devices"
    room = graph.compute.device_bytes
    if room is None:
        return "ddp", f"{devices}; each holds the whole model (compute.device_memory would say whether it fits)"
    state = _state_bytes(graph, topology, request)
    if state is None:
        return "ddp", f"{devices}; what the model takes is not known before the data are looked at"
    takes = f"weights, gradients and optimizer take about {state / (1 << 30):.2f} GiB of {room / (1 << 30):.2f} GiB"
    if state > ROOM_FOR_STATE * room:
        return "fsdp", f"{devices}, and {takes} of each: they are cut over all"
    return "ddp", f"{devices}, and {takes} of each: each holds the whole model"


def _state_bytes(graph: PluginGraph, topology: Topology, request: Request) -> int | None:
    """What a whole copy of the model takes, its size estimated from the sample."""
    import polars as pl

    model, optimizer = graph.nodes.get("model"), graph.nodes.get("optimizer")
    task = task_of(graph.target)
    if model is None or optimizer is None or graph.look is None or task is None or graph.target is None:
        return None
    sample = pl.DataFrame(graph.look.sample)
    features = [_shape(column.name, column.type, sample) for column in graph.columns if column.name in sample.columns]
    columns = graph.target.columns
    text = graph.target.text
    if task == "next_token" and text is not None:
        features = [FeatureShape(name=columns[0], kind="tokens", width=text.context, cardinality=text.vocabulary)]
        width = text.vocabulary
    elif task in ("regression", "binary"):
        width = 1
    else:
        width = max(len(columns), 2, sample[columns[0]].alias("values").drop_nulls().n_unique())
    output = OutputShape(task=task, width=width)
    parameters = sum(tensor.size for tensor in _built(model).shapes(features, output))
    whole = request.catalog.load("strategy", "ddp")
    memory: int = whole.implementation(whole.params()).memory_per_rank(parameters, _built(optimizer).tensors_per_weight, topology)
    return memory


def _shape(name: str, column_type: str, sample: pl.DataFrame) -> FeatureShape:
    if column_type == "category":
        return FeatureShape(name=name, kind="category", cardinality=sample[name].n_unique() + 1)
    if column_type == "text":
        return FeatureShape(name=name, kind="tokens", width=64, cardinality=10_000)  # the encoder's defaults
    return FeatureShape(name=name, kind="number")


def _built(node: LinkedNode) -> Any:
    return node.plugin.implementation(node.params)
