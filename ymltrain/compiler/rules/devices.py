"""Rules about the machine: accelerator, precision, strategy and the number of devices."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from ymltrain.compiler.devices import accelerators, count_cuda_devices
from ymltrain.compiler.graph import PluginGraph
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.rule import found_at
from ymltrain.compiler.topology import derive_topology
from ymltrain.diagnostics import Diagnostic, KeyPath, Severity
from ymltrain.plan.topology import Topology


def precision_fits_the_accelerator(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """float16 training needs a GPU; what is asked for is there."""
    if graph.compute is None or graph.trainer is None:
        return
    available = accelerators()
    chosen = graph.compute.accelerator
    if chosen != "auto" and chosen not in available:
        hint = f"this machine has: {', '.join(available)}; `auto` takes the best there is"
        yield found_at(graph, "YT613", f"there is no {chosen} device here", hint, ("compute", "accelerator"))
        return
    accelerator = available[0] if chosen == "auto" else chosen
    precision = graph.trainer.precision
    if precision.startswith("16-") and accelerator == "cpu":
        hint = "use 32-true or bf16-mixed on the CPU"
        yield found_at(
            graph,
            "YT614",
            f"the precision {precision} needs a GPU, this run is on the {accelerator}",
            hint,
            ("trainer", "precision"),
        )
    if precision == "64-true" and accelerator == "mps":
        yield found_at(graph, "YT614", "MPS has no float64", "use 32-true", ("trainer", "precision"))


def strategy_fits_the_topology(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """The strategy can run on as many devices as the recipe asks for."""
    strategy = graph.nodes.get("strategy")
    if strategy is None or graph.compute is None or graph.trainer is None:
        return
    topology = derive_topology(graph.compute, graph.trainer, is_single=strategy.type == "single")
    for problem in strategy.plugin.implementation(strategy.params).problems(topology):
        written: list[KeyPath] = [("compute", "nodes"), ("compute", "devices")] if strategy.type == "single" else []
        path = next((path for path in written if graph.root.at(path) is not None), ("strategy",))
        hint = "`strategy: auto` takes one that can" if strategy.type == "single" else ""
        yield found_at(graph, "YT615", f'the strategy "{strategy.type}" cannot run here: {problem}', hint, path)
    yield from _too_many_devices(graph, topology)


def _too_many_devices(graph: PluginGraph, topology: Topology) -> Iterator[Diagnostic]:
    path: KeyPath = ("compute", "devices")
    if topology.accelerator not in accelerators():
        return  # said already
    if topology.accelerator == "cuda" and topology.devices > (here := count_cuda_devices()):
        hint = f"write `devices: {here}`"
        yield found_at(graph, "YT630", f"{topology.devices} CUDA devices are asked for, and there are {here} here", hint, path)
    elif topology.accelerator == "mps" and topology.devices > 1:
        yield found_at(graph, "YT630", "MPS has one device", "write `devices: 1`, or `accelerator: cpu`", path)
    elif topology.accelerator == "cpu" and topology.devices > (cores := os.cpu_count() or 1):
        message = f"{topology.devices} processes share {cores} cores: each will wait for the others"
        found = found_at(graph, "YT631", message, f"write `devices: {cores}` or less, except to try a larger world", path)
        yield replace(found, severity=Severity.WARNING)
    if topology.world_size > topology.batch_size:
        message = f"batches of {topology.batch_size} rows are fewer than the {topology.world_size} devices that share them"
        yield found_at(
            graph, "YT632", message, "raise trainer.batch_size, which is global, or take fewer devices", ("trainer", "batch_size")
        )


def batch_norm_is_per_device(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """BatchNorm sees the rows of one device only: another number of devices trains another model."""
    model = graph.nodes.get("model")
    if model is None or graph.compute is None or graph.trainer is None or getattr(model.params, "norm", None) != "batch":
        return
    strategy = graph.nodes.get("strategy")
    topology = derive_topology(graph.compute, graph.trainer, is_single=strategy is None or strategy.type == "single")
    if topology.world_size > 1:
        message = (
            f"`norm: batch` normalises over the rows of one device: {topology.world_size} devices train another model than one"
        )
        found = found_at(graph, "YT633", message, "use `norm: layer`, which does not depend on the batch", ("model", "norm"))
        yield replace(found, severity=Severity.WARNING)
