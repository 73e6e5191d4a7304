"""A plan as a person reads it before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ymltrain.compiler.explain import origins
from ymltrain.compiler.graph import PluginGraph
from ymltrain.fit.preview import Preview
from ymltrain.plan.plan import Plan, PlanNode
from ymltrain.report.console import draw, tell
from ymltrain.report.numbers import size
from ymltrain.report.settings import origin_text, value_text

if TYPE_CHECKING:
    from rich.table import Table


def show_plan(plan: Plan, preview: Preview, graph: PluginGraph) -> None:
    """Sections: what it is, the graph, the data, the settings, the estimates, the stages, what is written."""
    tell((f"{plan.name}  {plan.target.task}  {plan.digest[:19]}", "bold"))
    if plan.description:
        tell(plan.description)
    sections = (
        ("Graph", _graph(plan)),
        ("Data", _data(preview)),
        ("Settings", _settings(graph)),
        ("Estimates", _estimates(plan, preview)),
        ("Stages", _stages(plan)),
    )
    for title, table in sections:
        tell((f"\n{title}", "bold cyan"))
        draw(table)
    if preview.ranks:
        tell(("\nEach device", "bold cyan"))
        draw(_ranks(plan, preview))
    tell(("\nWrites", "bold cyan"))
    for path in preview.writes:
        tell(f"  {path}")


def _table(*headers: str) -> Table:
    from rich.table import Table

    return Table(*headers, box=None, pad_edge=False, padding=(0, 2, 0, 0))


def _graph(plan: Plan) -> Table:
    """Each plugin, what it takes from which others, and what brings it; encoders of one type share a line."""
    table = _table("node", "plugin", "takes", "from")
    for nodes in _grouped(plan.nodes):
        first = nodes[0]
        name = first.id if len(nodes) == 1 else f"encoder × {len(nodes)}"
        edges = dict.fromkeys((edge.source.split(":")[0], edge.carries) for edge in plan.edges if edge.target == first.id)
        takes = ", ".join(f"{carries} of {source}" for source, carries in edges)
        table.add_row(name, first.type, takes, f"{first.plugin.distribution} {first.plugin.version}".strip())
    return table


def _grouped(nodes: Sequence[PlanNode]) -> list[list[PlanNode]]:
    groups: dict[tuple[str, ...], list[PlanNode]] = {}
    for node in nodes:
        key = (node.kind, node.type) if node.kind == "encoder" else (node.id,)
        groups.setdefault(key, []).append(node)
    return list(groups.values())


def _data(preview: Preview) -> Table:
    table = _table("column", "role", "read as", "encoder", "distinct", "missing", "examples")
    for column in preview.columns:
        missing = f"{column.nulls:.1%}" if column.nulls else ""
        style = "bold" if column.role == "target" else "dim" if column.role == "not used" else ""
        examples = ", ".join(column.examples)
        table.add_row(
            column.name, column.role, column.read_as, column.encoder, f"{column.distinct:,}", missing, examples, style=style
        )
    return table


def _settings(graph: PluginGraph) -> Table:
    table = _table("key", "value", "set by")
    for key_path, setting in origins(graph):
        origin = origin_text(setting)
        table.add_row(key_path, value_text(setting.value), origin, style="dim" if origin.startswith("default") else "")
    return table


def _stages(plan: Plan) -> Table:
    """What a fit does in which order; a stage whose digest and data are those of an earlier run's is not done again."""
    table = _table("stage", "builds upon", "digest")
    for stage in plan.stages:
        table.add_row(stage.name, ", ".join(stage.takes), stage.digest[:19])
    return table


def _ranks(plan: Plan, preview: Preview) -> Table:
    """What each device holds, and whether it has room."""
    room = plan.compute.device_bytes
    table = _table("strategy", "devices", "rows", "weights", "gradients", "optimizer", "gathered", "activations", "at most", "fits")
    for memory in preview.ranks:
        fits = memory.fits(room)
        verdict = "" if fits is None else f"in {size(room or 0)}" if fits else f"NOT in {size(room or 0)}"
        measured = ["—" if value is None else size(value) for value in (memory.activations, memory.most)]
        held = (memory.parameters, memory.gradients, memory.optimizer, memory.gathered)
        table.add_row(
            memory.strategy, f"{memory.world:,}", f"{memory.rows:,}", *(size(value) for value in held), *measured, verdict
        )
    return table


def _estimates(plan: Plan, preview: Preview) -> Table:
    about = "" if preview.rows_are_exact else "about "
    parts = ", ".join(f"{name} {count:,}" for name, count in preview.split_rows.items())
    tensors = ", ".join(f"{tensor.name} {'×'.join(map(str, tensor.shape))}" for tensor in preview.tensors[:6])
    more = f" and {len(preview.tensors) - 6} more" if len(preview.tensors) > 6 else ""
    topology = plan.topology
    table = _table("", "")
    table.show_header = False
    for name, value in (
        ("rows" if plan.target.text is None else "windows", f"{about}{preview.rows:,} (about {parts})"),
        ("steps", f"{preview.steps_per_epoch:,} an epoch, at most {preview.max_steps:,}"),
        ("parameters", f"{preview.parameters:,} in {len(preview.tensors)} tensors: {tensors}{more}"),
        ("runs on", f"{topology.world_size} × {topology.accelerator}, {topology.precision}; {_strategy(plan)}"),
        ("batch", _batch(plan)),
        ("memory", f"data {size(preview.data_memory)}; weights, gradients, optimizer {size(preview.state_memory)} on each device"),
        (
            "disk",
            f"checkpoints {size(preview.checkpoint_disk)}, bundle {size(preview.bundle_disk)}, record {size(preview.record_disk)}",
        ),
    ):
        table.add_row(name, value)
    return table


def _strategy(plan: Plan) -> str:
    return f"{plan.strategy}: {plan.strategy_reason}" if plan.strategy_reason else plan.strategy


def _batch(plan: Plan) -> str:
    """The global batch, what each device takes of it, and what the learning rate becomes."""
    trainer, topology = plan.trainer, plan.topology
    rows = f"{topology.batch_size:,} rows"
    if plan.target.text is not None:
        rows = f"{topology.batch_size:,} windows of {plan.target.text.context:,} tokens"
    if topology.world_size > 1:
        rows += f", {-(-topology.batch_size // topology.world_size):,} on each device"
    if trainer.accumulate_grad_batches > 1:
        step = topology.batch_size * trainer.accumulate_grad_batches
        rows += f"; {trainer.accumulate_grad_batches} batches make a step of {step:,}"
    if trainer.lr_scaling != "none":
        rows += f"; lr × {trainer.lr_factor:.4g} ({trainer.lr_scaling}, written for {trainer.lr_batch_size:,})"
    return rows
