"""The Plan: the frozen, complete JSON that alone drives a run."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

from ymltrain.diagnostics import UsageError
from ymltrain.plan.search.spec import SearchSpec
from ymltrain.plan.sections import BundleSection, Compute, Evaluation, Promote, Skew, Trainer
from ymltrain.plan.shapes import ColumnType, Reading, Task
from ymltrain.plan.stages import Stage
from ymltrain.plan.topology import Topology

PLAN_VERSION = 1
BYTE_VOCABULARY = 257
"""The bytes, and the end of a text."""


class PluginSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where a plugin comes from. `digest` names the content of a file given by `--plugin`."""

    distribution: str
    version: str
    entry: str
    digest: str | None = None


class PlanNode(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin with all its params, defaults filled in."""

    id: str
    kind: str
    type: str
    params: dict[str, Any]
    plugin: PluginSource


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """What one node gives another."""

    source: str
    target: str
    carries: str


class FeatureSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One input column: how it is read and which node encodes it. `order` is that of a category's values.

    `available_at` is `prediction`, `later`, or the column that holds the time from which a row's value is known;
    `serving_default` is what a row gets that is served without a value.
    """

    column: str
    type: ColumnType
    encoder: str
    order: tuple[str, ...] | None = None
    time_zone: str = "UTC"
    format: str | None = None
    available_at: str | None = None
    serving_default: str | float | bool | None = None

    @property
    def reading(self) -> Reading:
        """How its column is read."""
        return Reading(type=self.type, time_zone=self.time_zone, format=self.format)


class TextSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How the texts of a `next_token` target become tokens, and how many a network sees at a time.

    `vocabulary` counts all ids, that of the end of a text among them; `continuation` tokens follow a text in a prediction.
    """

    tokenizer: Literal["byte", "bpe"]
    vocabulary: int
    context: int
    continuation: int


class TargetSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What to predict: one column, or the label columns of a multilabel target.

    Numbers are transformed, then standardised on the train split. `positive` is the label that a binary target's
    probability is of (true of a boolean); `order` are an ordinal target's labels from lowest to highest;
    `class_weights` weigh rows in the loss by their label, "balanced" by the inverse of its share in the train split; `text`
    is what a `next_token` target has beside its column.
    """

    columns: tuple[str, ...]
    type: ColumnType
    transform: Literal["none", "log", "log1p"] = "none"
    task: Task
    positive: str | None = None
    threshold: float = 0.5
    order: tuple[str, ...] | None = None
    class_weights: dict[str, float] | Literal["balanced"] | None = None
    text: TextSpec | None = None

    @property
    def name(self) -> str:
        """The column, or the columns in one word, for people."""
        return ", ".join(self.columns)

    @property
    def reading(self) -> Reading:
        """How its columns are read."""
        return Reading(type=self.type)


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """The metric by which epochs are compared."""

    metric: str
    goal: Literal["minimize", "maximize"]


class RegisterSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The model name under which the run registers its bundle, and what it then promotes."""

    model: str
    promote: Promote | None = None


class RecipeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The recipe a Plan was made from: composed (before interpolation) and resolved (all defaults in)."""

    composed: dict[str, Any]
    resolved: dict[str, Any]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run needs, and nothing that belongs to one run: no run id, time or data fingerprint.

    Paths are relative to the workspace. `digest` is the SHA-256 of the canonical JSON without itself.
    """

    plan: int = PLAN_VERSION
    ymltrain: str
    name: str
    description: str
    seed: int
    seeds: dict[str, int]
    nodes: tuple[PlanNode, ...]
    edges: tuple[Edge, ...]
    keys: tuple[str, ...]
    event_time: str | None = None
    weight: str | None = None
    features: tuple[FeatureSpec, ...]
    target: TargetSpec
    trainer: Trainer
    topology: Topology
    compute: Compute = Compute()
    strategy_reason: str = ""
    watch: Watch | None
    skew: Skew
    bundle: BundleSection | None = None
    evaluation: Evaluation | None = None
    register: RegisterSpec | None
    stages: tuple[Stage, ...]
    search: SearchSpec | None = None
    recipe: RecipeRecord
    digest: str = ""

    def node(self, node_id: str) -> PlanNode:
        """The node with this id. Raises KeyError."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)

    def stage(self, name: str) -> Stage:
        """The stage of this name. Raises KeyError."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)

    @property
    def strategy(self) -> str:
        """The name of the strategy; `single` when none is named."""
        return next((node.type for node in self.nodes_of("strategy")), "single")

    def nodes_of(self, kind: str) -> tuple[PlanNode, ...]:
        """All nodes of a kind, in plan order."""
        return tuple(node for node in self.nodes if node.kind == kind)


def canonical_json(value: object) -> bytes:
    """Compact JSON with sorted keys: equal values give equal bytes."""
    return msgspec.json.encode(value, order="deterministic")


def seal(plan: Plan) -> Plan:
    """The same plan carrying the digest of its content."""
    return msgspec.structs.replace(plan, digest=plan_digest(plan))


def plan_digest(plan: Plan) -> str:
    """`sha256:…` of a plan's canonical JSON without its digest."""
    content = msgspec.structs.replace(plan, digest="")
    return "sha256:" + hashlib.sha256(canonical_json(content)).hexdigest()


def write_plan(plan: Plan) -> bytes:
    """The plan as sorted, indented JSON."""
    return msgspec.json.format(canonical_json(plan), indent=2) + b"\n"


def read_plan(content: bytes, name: str) -> Plan:
    """A plan from its JSON. Raises UsageError when it is not one, is of another version, or was edited."""
    try:
        version = msgspec.json.decode(content).get("plan")
        if version != PLAN_VERSION:
            raise UsageError(
                "YT810",
                f"{name} is a plan of version {version!r}; this ymltrain reads version {PLAN_VERSION}",
                "make it again from the recipe with `ymltrain plan RECIPE -o plan.json`",
            )
        plan = msgspec.json.decode(content, type=Plan)
    except (msgspec.DecodeError, AttributeError) as error:
        raise UsageError("YT811", f"{name} is not a plan: {error}", "make one with `ymltrain plan RECIPE -o plan.json`") from None
    if plan_digest(plan) != plan.digest:
        raise UsageError(
            "YT812",
            f"{name} was changed after it was made: its digest does not match its content",
            "edit the recipe and make the plan again; a plan is not edited by hand",
        )
    return plan
