"""What a plan will come to, estimated from a sample of the data: rows, steps, parameters, memory, disk. Without torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from ymltrain.catalog.catalog import Catalog
from ymltrain.compiler.graph import DataLook
from ymltrain.data.next_token import text_output, text_window
from ymltrain.data.reading import column_values, finite_or_null, read_rows
from ymltrain.data.windows import count_windows
from ymltrain.fit.memory import RankMemory, estimate_memory
from ymltrain.plan.plan import Plan, PlanNode
from ymltrain.plan.shapes import FeatureShape, OutputShape, Reading, TensorShape

FLOAT_BYTES = 4
RECORDED_POINT_BYTES = 90
GOLDEN_ROW_BYTES = 120


class ColumnPreview(msgspec.Struct, frozen=True, kw_only=True):
    """A column of the sample. `distinct` counts its values there."""

    name: str
    role: str
    read_as: str
    encoder: str
    examples: tuple[str, ...]
    nulls: float
    distinct: int


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """Estimates. All but `rows` of a small table are from the sample; bytes unless said otherwise."""

    sampled_rows: int
    rows: int
    rows_are_exact: bool
    split_rows: dict[str, int]
    columns: tuple[ColumnPreview, ...]
    parameters: int
    tensors: tuple[TensorShape, ...]
    steps_per_epoch: int
    max_steps: int
    data_memory: int
    state_memory: int
    checkpoint_disk: int
    bundle_disk: int
    record_disk: int
    writes: tuple[str, ...]
    ranks: tuple[RankMemory, ...]


@dataclass(frozen=True)
class Scale:
    """A world to show the plan in: its devices (None: the plan's own), the strategies beside it, whether to run a step on none."""

    world: int | None = None
    strategies: tuple[PlanNode, ...] = ()
    is_measured: bool = False


OWN_SCALE = Scale()


def preview_plan(
    plan: Plan, look: DataLook, catalog: Catalog, environment: Mapping[str, str], at_scale: Scale = OWN_SCALE
) -> Preview:
    """Estimate what a plan will come to. Raises YmltrainError."""

    def build(node: PlanNode) -> Any:
        return catalog.build(node, environment)

    sample = pl.DataFrame(look.sample)
    shapes, output = _shapes(plan, sample, catalog, environment)
    tensors = tuple(catalog.build(plan.node("model"), environment).shapes(shapes, output))
    parameters = sum(tensor.size for tensor in tensors)
    fractions = catalog.build(plan.node("split"), environment).fractions
    text = plan.target.text
    rows = look.total_rows if text is None else count_windows(text, sample[plan.target.name], look.total_rows)
    split_rows = {name: round(rows * share) for name, share in zip(("train", "val", "test"), fractions, strict=True)}
    steps_per_epoch = math.ceil(split_rows["train"] / plan.trainer.batch_size / plan.trainer.accumulate_grad_batches)
    max_steps = min(steps_per_epoch * plan.trainer.max_epochs, plan.trainer.max_steps or steps_per_epoch * plan.trainer.max_epochs)
    state = catalog.build(plan.node("optimizer"), environment).tensors_per_weight
    weights = parameters * FLOAT_BYTES
    return Preview(
        sampled_rows=sample.height,
        rows=rows,
        rows_are_exact=look.is_exact and plan.target.text is None,
        split_rows=split_rows,
        columns=tuple(_columns(plan, look, sample)),
        parameters=parameters,
        tensors=tensors,
        steps_per_epoch=steps_per_epoch,
        max_steps=max_steps,
        data_memory=rows * _row_bytes(shapes, output),
        state_memory=catalog.build(plan.node("strategy"), environment).memory_per_rank(parameters, state, plan.topology),
        checkpoint_disk=(plan.trainer.checkpoint.keep * (1 + state) + 1) * weights,
        bundle_disk=weights + plan.skew.golden_rows * GOLDEN_ROW_BYTES,
        record_disk=_record_bytes(plan, max_steps),
        writes=_writes(plan),
        ranks=_ranks(plan, at_scale, tensors, (shapes, output), build),
    )


def _ranks(
    plan: Plan,
    at_scale: Scale,
    tensors: tuple[TensorShape, ...],
    shapes: tuple[list[FeatureShape], OutputShape],
    build: Callable[[PlanNode], Any],
) -> tuple[RankMemory, ...]:
    """The memory of each rank under the plan's strategy and, in another world, under those that could run it."""
    topology = plan.topology if at_scale.world is None else msgspec.structs.replace(plan.topology, nodes=1, devices=at_scale.world)
    node = plan.node("strategy")
    nodes = {node.type: node, **{other.type: other for other in at_scale.strategies}}
    names = [node.type] if at_scale.world is None else ["single"] if at_scale.world == 1 else ["ddp", "fsdp"]
    found = []
    for name in names:
        strategy = build(nodes[name])
        optimizer = build(plan.node("optimizer"))
        is_sharded = bool(getattr(strategy, "shards_weights", False))
        memory = estimate_memory(tensors, optimizer.tensors_per_weight, topology, is_sharded=is_sharded, strategy=name)
        if at_scale.is_measured:
            from ymltrain.fit.measuring import measure_memory

            plugins = {kind: build(plan.node(kind)) for kind in ("model", "optimizer", "loss")} | {"strategy": strategy}
            memory = measure_memory(memory, plugins, shapes, topology)
        found.append(memory)
    return tuple(found)


def _feature_shape(plan: Plan, column: str, sample: pl.DataFrame, catalog: Catalog, environment: Mapping[str, str]) -> FeatureShape:
    """The shape that the column's encoder learns from the sample; the whole data may have more categories."""
    feature = next(feature for feature in plan.features if feature.column == column)
    fit = catalog.build(plan.node(feature.encoder), environment).start(column, feature.order)
    fit.update(finite_or_null(column_values(_read(sample, column, feature.reading), column)))
    shape: FeatureShape = fit.finish().shape
    return shape


def _read(sample: pl.DataFrame, column: str, reading: Reading) -> pl.DataFrame:
    """A column of the sample as training reads it; a text column that the recipe says holds numbers is cast."""
    if reading.type == "number" and not sample[column].dtype.is_numeric():
        return sample.select(pl.Series(column, sample[column].cast(pl.Float64, strict=False)))
    return read_rows(sample, {column: reading})


def _output_shape(plan: Plan, sample: pl.DataFrame) -> OutputShape:
    target = plan.target
    if target.task in ("regression", "binary"):
        return OutputShape(task=target.task, width=1, threshold=target.threshold)
    if target.task == "multilabel":
        return OutputShape(task="multilabel", width=len(target.columns), threshold=target.threshold)
    classes = len(target.order or ()) or max(2, sample[target.columns[0]].alias("values").drop_nulls().n_unique())
    return OutputShape(task=target.task, width=classes - (target.task == "ordinal"))


def _shapes(
    plan: Plan, sample: pl.DataFrame, catalog: Catalog, environment: Mapping[str, str]
) -> tuple[list[FeatureShape], OutputShape]:
    """What the network takes and gives: of texts known, of a table as the sample has it."""
    if plan.target.text is not None:
        return [text_window(plan.target.name, plan.target.text)], text_output(plan.target.text)
    features = [_feature_shape(plan, feature.column, sample, catalog, environment) for feature in plan.features]
    return features, _output_shape(plan, sample)


def _row_bytes(shapes: list[FeatureShape], output: OutputShape) -> int:
    features = sum(FLOAT_BYTES * shape.columns for shape in shapes)
    if output.task == "next_token":
        return 2 * features  # what is seen, and what follows
    return features + (8 if output.task in ("classification", "ordinal") else FLOAT_BYTES * output.width)


def _columns(plan: Plan, look: DataLook, sample: pl.DataFrame) -> list[ColumnPreview]:
    features = {feature.column: feature for feature in plan.features}
    previews = []
    for name in look.columns:
        feature = features.get(name)
        role = _role(plan, name, is_feature=feature is not None)
        read_as = plan.target.type if role == "target" else feature.type if feature else ""
        values = column_values(sample, name)
        previews.append(
            ColumnPreview(
                name=name,
                role=role,
                read_as=read_as,
                encoder=plan.node(feature.encoder).type if feature else _target_encoding(plan) if role == "target" else "",
                examples=tuple(_text(value) for value in _distinct(values).head(4)),
                nulls=values.null_count() / max(1, sample.height),
                distinct=_distinct(values).len(),
            )
        )
    return previews


def _target_encoding(plan: Plan) -> str:
    return plan.target.transform if plan.target.text is None else f"{plan.target.text.tokenizer} tokens"


def _role(plan: Plan, name: str, *, is_feature: bool) -> str:
    """What part a column plays; a time or a weight may be a feature too."""
    if name in plan.target.columns:
        return "target"
    if name == plan.weight:
        return "weight"
    if is_feature:
        return "feature"
    return "key" if name in plan.keys else "event time" if name == plan.event_time else "not used"


def _distinct(values: pl.Series) -> pl.Series:
    """The distinct values in the order of the rows; of lists all of them."""
    present = values.drop_nulls()
    return present if present.dtype.is_nested() else present.unique(maintain_order=True)


def _text(value: Any) -> str:
    value = value.to_list() if isinstance(value, pl.Series) else value
    text = f"{value:g}" if isinstance(value, float) else " ".join(str(value)[:200].split())
    return text if len(text) <= 24 else text[:23] + "…"


def _record_bytes(plan: Plan, max_steps: int) -> int:
    per_epoch = 3 + len(plan.nodes_of("metric"))
    points = 2 * max_steps / plan.trainer.log_every_n_steps + per_epoch * plan.trainer.max_epochs
    return int(points * RECORDED_POINT_BYTES * (1 + len(plan.nodes_of("tracker"))))


def _writes(plan: Plan) -> tuple[str, ...]:
    run = f"runs/{plan.name}/<run id>/"
    writes = [f"{run}plan.json, recipe.yaml, resolved.yaml, provenance.json", f"{run}metrics/, log.txt", f"{run}checkpoints/"]
    writes += [f"{run}{node.type if node.type != 'tensorboard' else 'tb'}/" for node in plan.nodes_of("tracker")]
    writes += [f"{run}bundle/", "cache/: the encoded data, for other runs on the same"]
    if plan.register is not None:
        url = plan.node("registry").params.get("url") or "registry/"
        writes.append(f"{url}: the next version of {plan.register.model}")
        if plan.register.promote is not None:
            writes.append(f"{url}: {plan.register.model}@{plan.register.promote.alias}, when its gates pass")
    return tuple(writes)
