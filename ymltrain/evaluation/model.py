"""A model from a bundle, measured on rows it is given: every row that has a target, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from torch import Tensor

from ymltrain.bundle.contract import BASELINES_FILE, Contract
from ymltrain.bundle.predictor import Predictor
from ymltrain.bundle.tensors import read_tensors
from ymltrain.catalog.catalog import Catalog
from ymltrain.data.blocks import read_blocks
from ymltrain.data.companions import read_companions
from ymltrain.data.reading import column_values, finite_or_null
from ymltrain.diagnostics import BundleError, DataError, UsageError, did_you_mean
from ymltrain.evaluation.assess import About, Scored, assess
from ymltrain.evaluation.baselines import Baselines, restore_baselines
from ymltrain.evaluation.bootstrap import Draws
from ymltrain.evaluation.slices import Cut, Slice, all_slices, readings_of
from ymltrain.kinds.contracts import Datasource, Metric
from ymltrain.plan.shapes import Reading
from ymltrain.record.evaluation import EvaluationRecord
from ymltrain.storage.digests import file_digest


@dataclass(frozen=True)
class Question:
    """What is asked of a model: by what it is called, the cuts, and how intervals are drawn; `note` hears how far it is."""

    model: str
    cuts: Sequence[Cut]
    draws: Draws
    note: Callable[[str], None] = lambda _: None


def evaluate_model(
    predictor: Predictor, baselines: Baselines | None, metrics: Mapping[str, Metric], source: Datasource, asked: Question
) -> EvaluationRecord:
    """The model on all rows of a source that have a target. Raises DataError, BundleError."""
    check_columns(predictor.contract, source, asked.cuts)
    fingerprint = source.fingerprint()
    if fingerprint == predictor.contract.digests.data:
        asked.note("these are the data that the model was trained on: it has seen most of these rows")
    scored, has_target = _score(predictor, baselines, source)
    rows = len(scored.truth)
    if not rows:
        name = predictor.contract.target.name
        raise DataError(
            "YT725", f'the target "{name}" has no value in any of the {len(has_target):,} rows', "bring rows with a target"
        )
    asked.note(f"{rows:,} rows predicted")
    slices = slices_of(source, asked.cuts, has_target)
    about = About(asked.model, fingerprint, "all", predictor.contract.target.name, int((~has_target).sum()))
    return assess(scored, metrics, slices, asked.draws, about)


def contract_metrics(
    contract: Contract, chosen: Sequence[str], catalog: Catalog, environment: Mapping[str, str]
) -> dict[str, Metric]:
    """The metrics to measure by: those of the recipe, or the chosen ones, as the recipe has them or with their defaults.

    Raises UsageError for a metric that is not made for the task, PluginError for one that is not installed.
    """
    nodes = {node.type: node for node in contract.measures}
    names = list(chosen) or list(nodes) or _measured_once(contract, catalog)
    metrics: dict[str, Metric] = {}
    for name in names:
        if name in nodes:
            metrics[name] = catalog.build(nodes[name], environment)
            continue
        plugin = catalog.load("metric", name)
        if contract.output.task not in plugin.implementation.tasks:
            fitting = ", ".join(
                one for one in catalog.names("metric") if contract.output.task in catalog.load("metric", one).implementation.tasks
            )
            raise UsageError("YT871", f'the metric "{name}" is not for {contract.output.task}', f"there is: {fitting}")
        metrics[name] = plugin.implementation(plugin.params())
    return metrics


def read_baselines(folder: Path, contract: Contract) -> Baselines | None:
    """The baselines that a bundle keeps; None when it was made without. Raises BundleError when they were changed."""
    tensors = baseline_tensors(folder, contract)
    return restore_baselines(contract.output, tensors) if tensors is not None else None


def baseline_tensors(folder: Path, contract: Contract) -> dict[str, Tensor] | None:
    """What a bundle keeps of its baselines; None when it was made without. Raises BundleError when they were changed."""
    expected = contract.digests.baselines
    if expected is None:
        return None
    path = folder / BASELINES_FILE
    if not path.is_file() or file_digest(path) != expected:
        raise BundleError("YT924", f"{path} is missing or was changed", "take the bundle from its run or registry again")
    return read_tensors(path)


def check_columns(contract: Contract, source: Datasource, cuts: Sequence[Cut]) -> None:
    """Raise BundleError (YT923) where the source lacks a column of the model or its target, DataError (YT705) of a slice."""
    there = list(pl.Schema(source.schema()))
    wanted = [*(feature.column for feature in contract.features), *contract.target.columns]
    missing = [column for column in wanted if column not in there]
    if missing:
        verb = "predicts" if missing[0] in contract.target.columns else "takes"
        message = f"the data lack {', '.join(missing)}, which {contract.name} {verb}"
        raise BundleError("YT923", message, did_you_mean(missing[0], there))
    readings_of(cuts, source)


def _measured_once(contract: Contract, catalog: Catalog) -> list[str]:
    """Of a bundle that does not say what it is measured by: what it has values of."""
    known = catalog.names("metric")
    return [name for name in dict.fromkeys(full.partition("/")[2] for full in contract.metrics) if name in known]


def _score(predictor: Predictor, baselines: Baselines | None, source: Datasource) -> tuple[Scored, npt.NDArray[np.bool_]]:
    """Predictions of all rows with a target, and which rows of the source these are."""
    contract, target = predictor.contract, predictor.target
    columns = {**predictor.columns, **dict.fromkeys(contract.target.columns, Reading(type=contract.target.type))}
    kept: list[npt.NDArray[np.bool_]] = [np.empty(0, bool)]
    parts: list[dict[str, npt.NDArray[Any]]] = []
    for block in _blocks(source, columns):
        has_target = np.ones(block.height, bool)
        for name in contract.target.columns:
            has_target &= finite_or_null(column_values(block, name)).is_not_null().to_numpy()
        kept.append(has_target)
        rows = block.filter(pl.Series(has_target))
        encoded = predictor.encode(rows)
        part = {
            "model": target.decode(predictor.outputs(encoded)),
            "truth": target.truth(target.encode([column_values(rows, name) for name in contract.target.columns])),
        }
        if baselines is not None:
            part |= {f"baseline {name}": values for name, values in baselines.predict(encoded, rows.height).items()}
        parts.append(part)
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
    empty = np.empty(0)
    scored = Scored(
        output=target.output,
        labels=target.labels,
        predicted=whole.get("model", empty),
        truth=whole.get("truth", empty),
        baselines={name.removeprefix("baseline "): values for name, values in whole.items() if name.startswith("baseline ")},
    )
    return scored, np.concatenate(kept)


def _blocks(source: Datasource, columns: Mapping[str, Reading]) -> Iterator[pl.DataFrame]:
    for _, block in read_blocks(source, columns):
        yield block


def slices_of(source: Datasource, cuts: Sequence[Cut], has_target: npt.NDArray[np.bool_]) -> list[Slice]:
    """The slices of the rows with a target."""
    if not cuts:
        return []
    return all_slices(read_companions(source, readings_of(cuts, source), has_target), cuts)
