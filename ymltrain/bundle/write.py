"""Making a bundle folder: whole or not at all."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ymltrain import __version__
from ymltrain.bundle.card import write_card
from ymltrain.bundle.contract import (
    BASELINES_FILE,
    CARD_FILE,
    CONTRACT_FILE,
    GOLDEN_FILE,
    PROFILE_FILE,
    WEIGHTS_FILE,
    Contract,
    Digests,
    FeatureContract,
    TableReading,
    TargetContract,
    inputs_schema,
    serving_schema,
    training_schema,
    write_contract,
)
from ymltrain.bundle.golden import golden_rows, replay_golden
from ymltrain.bundle.predictor import AnyPredictor, Predictor, load_bundle
from ymltrain.bundle.tensors import digest_tensors, encode_tensors
from ymltrain.catalog.catalog import Catalog
from ymltrain.data.prepare import PreparedData
from ymltrain.kinds.params import path_params
from ymltrain.plan.plan import Plan
from ymltrain.record.evaluation import EVALUATION_FILE, EvaluationRecord, encode_evaluation
from ymltrain.storage.atomic import write_durably
from ymltrain.storage.digests import bytes_digest, file_digest

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Trained:
    """What training gives a bundle. `make_profile` and `make_exports` make content of it with the bundle's own predictor.

    The latter takes the bundle's folder, and gives files by their paths in it.
    """

    data: PreparedData
    weights: Mapping[str, Tensor]
    metrics: Mapping[str, float]
    make_profile: Callable[[Predictor], bytes] | None = None
    make_exports: Callable[[Path, AnyPredictor], Mapping[str, bytes]] | None = None
    evaluation: EvaluationRecord | None = None
    baselines: Mapping[str, Tensor] | None = None


def write_bundle(folder: Path, plan: Plan, trained: Trained, catalog: Catalog, environment: Mapping[str, str]) -> Contract:
    """Write a bundle, read it back as any user would, and replay its golden rows.

    The folder appears when all of that has succeeded; one that is there from an earlier attempt is replaced.
    Raises BundleError when what was written does not predict what was trained.
    """
    unfinished = folder.with_name(f".{folder.name}-unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    content = encode_tensors(trained.weights)
    write_durably(unfinished / WEIGHTS_FILE, content)
    contract = _contract(plan, trained, catalog, bytes_digest(content))
    write_durably(unfinished / CONTRACT_FILE, write_contract(contract))
    predictor = load_bundle(unfinished, catalog, environment)
    if trained.make_profile is not None and isinstance(predictor, Predictor):
        profile = trained.make_profile(predictor)
        write_durably(unfinished / PROFILE_FILE, profile)
        contract = _with_digests(contract, profile=bytes_digest(profile))
    for name, part in _measured(trained).items():
        write_durably(unfinished / name, part)
        contract = _with_digests(contract, **{Path(name).stem: bytes_digest(part)})
    if plan.skew.golden_rows and trained.data.golden.height:
        path = unfinished / GOLDEN_FILE
        golden_rows(trained.data.golden, predictor).write_parquet(path)
        contract = _with_digests(contract, golden=file_digest(path))
    write_durably(unfinished / CONTRACT_FILE, write_contract(contract))
    predictor = load_bundle(unfinished, catalog, environment)
    replay_golden(unfinished, predictor)
    if trained.make_exports is not None:
        exports = trained.make_exports(unfinished, predictor)
        for name, content in exports.items():
            write_durably(unfinished / name, content)
        contract = _with_digests(contract, exports={name: bytes_digest(content) for name, content in exports.items()})
        write_durably(unfinished / CONTRACT_FILE, write_contract(contract))
    write_durably(unfinished / CARD_FILE, write_card(contract, _target_words(trained.data), trained.evaluation).encode())
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    return contract


def _measured(trained: Trained) -> dict[str, bytes]:
    """The files that say how well the model does, and beside what."""
    files = {}
    if trained.evaluation is not None:
        files[EVALUATION_FILE] = encode_evaluation(trained.evaluation)
    if trained.baselines is not None:
        files[BASELINES_FILE] = encode_tensors(trained.baselines)
    return files


def _with_digests(contract: Contract, **digests: str | dict[str, str]) -> Contract:
    """The contract, naming the content of files that were made with it."""
    return msgspec.structs.replace(contract, digests=msgspec.structs.replace(contract.digests, **digests))


def _contract(plan: Plan, trained: Trained, catalog: Catalog, weights_digest: str) -> Contract:
    data = trained.data
    return Contract(
        ymltrain=__version__,
        name=plan.name,
        description=plan.description,
        fitted_on=data.report.fitted_on,
        fitted_rows=data.report.fitted_rows,
        inputs=_serving_schema(plan),
        environments={"TRAIN": training_schema(plan), "SERVE": _serving_schema(plan)},
        reading=_reading(plan, catalog),
        features=tuple(
            FeatureContract(
                column=feature.column,
                type=feature.type,
                encoder=plan.node(feature.encoder),
                state=data.encoders[feature.column].state,
                shape=data.encoders[feature.column].shape,
                time_zone=feature.time_zone,
                format=feature.format,
                available_at=feature.available_at,
                serving_default=feature.serving_default,
                order=feature.order,
            )
            for feature in plan.features
        ),
        target=TargetContract(columns=plan.target.columns, type=plan.target.type, state=data.target.state),
        output=data.target.output,
        model=plan.node("model"),
        metrics={name: value if math.isfinite(value) else None for name, value in sorted(trained.metrics.items())},
        digests=Digests(
            data=data.fingerprint,
            plan=plan.digest,
            weights=weights_digest,
            tensors=digest_tensors(trained.weights),
            golden=None,
        ),
        measures=plan.nodes_of("metric"),
        evaluation=plan.evaluation,
    )


def _serving_schema(plan: Plan) -> dict[str, Any]:
    return inputs_schema({plan.target.name: "text"}) if plan.target.text is not None else serving_schema(plan.features)


def _reading(plan: Plan, catalog: Catalog) -> TableReading:
    node = plan.node("datasource")
    paths = path_params(catalog.load(node.kind, node.type).params)
    return TableReading(type=node.type, params={name: value for name, value in node.params.items() if name not in paths})


def _target_words(data: PreparedData) -> str:
    state: dict[str, Any] = data.target.state
    if state["task"] == "regression":
        return "a number" if state["transform"] == "none" else f"a number, trained on its {state['transform']}"
    if state["task"] == "multilabel":
        return f"any of {len(state['labels'])} labels: {', '.join(state['labels'])}"
    if state["task"] == "next_token":
        spec = state["spec"]
        return f"the tokens that follow; {spec['tokenizer']} of {spec['vocabulary']:,}, {spec['context']:,} seen at a time"
    classes = ", ".join(state["classes"])
    if state["task"] == "binary":
        return f"yes or no ({state['classes'][1]} or {state['classes'][0]}), yes from a probability of {state['threshold']:g}"
    return f"one of {len(state['classes'])} classes{' in this order' if state['task'] == 'ordinal' else ''}: {classes}"
