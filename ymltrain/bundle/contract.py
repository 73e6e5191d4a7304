"""The contract of a bundle: all that prediction needs to know, as data. Reading it runs no code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ymltrain.diagnostics import BundleError
from ymltrain.plan.availability import LATER
from ymltrain.plan.plan import FeatureSpec, Plan, PlanNode, canonical_json
from ymltrain.plan.sections import Evaluation
from ymltrain.plan.shapes import ColumnType, FeatureShape, OutputShape

CONTRACT_VERSION = 1
CONTRACT_FILE = "contract.json"
WEIGHTS_FILE = "weights.safetensors"
GOLDEN_FILE = "golden.parquet"
EXPORTS_FOLDER = "exports"
"""Holds a folder for each export, named by its format."""
PROFILE_FILE = "profile.json"
BASELINES_FILE = "baselines.safetensors"
CARD_FILE = "README.md"


class FeatureContract(msgspec.Struct, frozen=True, kw_only=True):
    """One input column, the plugin that encodes it, and what that learned from the train split."""

    column: str
    type: ColumnType
    encoder: PlanNode
    state: dict[str, Any]
    shape: FeatureShape
    time_zone: str = "UTC"
    format: str | None = None
    available_at: str | None = None
    serving_default: str | float | bool | None = None
    order: tuple[str, ...] | None = None


class TargetContract(msgspec.Struct, frozen=True, kw_only=True):
    """The predicted column (of several labels their columns), and how outputs become predictions in its units."""

    columns: tuple[str, ...]
    type: ColumnType
    state: dict[str, Any]

    @property
    def name(self) -> str:
        """The column, or the columns in one word, for people."""
        return ", ".join(self.columns)


class TableReading(msgspec.Struct, frozen=True, kw_only=True):
    """How files of the training data's type are read: the datasource without its path."""

    type: str
    params: dict[str, Any]


class Digests(msgspec.Struct, frozen=True, kw_only=True):
    """What the bundle was made of, and the content of its files; `exports` by path in the bundle."""

    data: str
    plan: str
    weights: str
    tensors: str
    golden: str | None
    profile: str | None = None
    exports: dict[str, str] = {}
    baselines: str | None = None
    evaluation: str | None = None


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """Everything prediction needs beside the weights.

    `inputs` is the JSON Schema of one row as it is served; `environments` has it as SERVE, and beside it TRAIN: a row as it
    trains, with target, weight, keys and the time of the event.

    `measures` are the metrics that the recipe names, `evaluation` is what it says of evaluations: `evaluate` goes by them.
    """

    contract: int = CONTRACT_VERSION
    ymltrain: str
    name: str
    description: str
    fitted_on: str
    fitted_rows: int
    inputs: dict[str, Any]
    environments: dict[str, dict[str, Any]] = {}
    reading: TableReading
    features: tuple[FeatureContract, ...]
    target: TargetContract
    output: OutputShape
    model: PlanNode
    metrics: dict[str, float | None]
    digests: Digests
    measures: tuple[PlanNode, ...] = ()
    evaluation: Evaluation | None = None


def write_contract(contract: Contract) -> bytes:
    """The contract as sorted, indented JSON."""
    return msgspec.json.format(canonical_json(contract), indent=2) + b"\n"


def read_contract(content: bytes, name: str) -> Contract:
    """A contract from its JSON. Raises BundleError when it is none, or of another version."""
    try:
        document = msgspec.json.decode(content)
        version = document.get("contract") if isinstance(document, dict) else None
        if version != CONTRACT_VERSION:
            message = f"{name} is a contract of version {version!r}; this ymltrain reads version {CONTRACT_VERSION}"
            raise BundleError("YT921", message, "use the ymltrain that made the bundle, or a newer one")
        return msgspec.convert(document, Contract)
    except msgspec.DecodeError as error:
        raise BundleError("YT920", f"{name} is not a bundle's contract: {error}", "take the bundle from its run again") from None


def contract_schema() -> dict[str, Any]:
    """The JSON Schema of contract.json."""
    (root,), definitions = msgspec.json.schema_components([Contract])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ymltrain bundle contract",
        **root,
        "$defs": definitions,
    }


INPUT_SCHEMAS: dict[ColumnType, dict[str, Any]] = {
    "number": {"type": ["number", "null"]},
    "category": {"type": ["string", "number", "boolean", "null"]},
    "boolean": {"type": ["boolean", "string", "integer", "null"]},
    "timestamp": {"type": ["string", "null"]},
    "text": {"type": ["string", "null"]},
    "vector": {"type": ["array", "null"], "items": {"type": "number"}},
}
"""What JSON holds for a value of each column type."""


def inputs_schema(columns: Mapping[str, ColumnType]) -> dict[str, Any]:
    """The JSON Schema of a row that has all of these columns (null where a value is missing); more columns may be."""
    return {
        "type": "object",
        "required": list(columns),
        "properties": {column: INPUT_SCHEMAS[column_type] for column, column_type in columns.items()},
    }


def serving_schema(features: Sequence[FeatureSpec]) -> dict[str, Any]:
    """The JSON Schema of one row as it is served.

    A feature with a serving default may be left out; one that is known later only may not be there at all.
    """
    schema = inputs_schema({feature.column: feature.type for feature in features})
    schema["required"] = [feature.column for feature in features if feature.serving_default is None]
    for feature in features:
        if feature.available_at == LATER:
            schema["properties"][feature.column] = False
        elif feature.serving_default is not None:
            schema["properties"][feature.column] = {**INPUT_SCHEMAS[feature.type], "default": feature.serving_default}
    return schema


def training_schema(plan: Plan) -> dict[str, Any]:
    """The JSON Schema of one row as it trains: features, target, weight, keys, the time of the event."""
    columns: dict[str, ColumnType] = {feature.column: feature.type for feature in plan.features}
    columns |= dict.fromkeys(plan.target.columns, plan.target.type)
    if plan.weight is not None:
        columns.setdefault(plan.weight, "number")
    schema = inputs_schema(columns)
    for name in (*plan.keys, *((plan.event_time,) if plan.event_time is not None else ())):
        if name not in columns:
            schema["required"].append(name)
            schema["properties"][name] = {}
    return schema
