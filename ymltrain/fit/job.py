"""What a fit is given, what it gives back, and the plugins it builds from the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec

from ymltrain.catalog.catalog import Catalog
from ymltrain.data.cache import EncodedCache
from ymltrain.data.learning import TableSpec
from ymltrain.data.prepare import PreparedData, prepare_data
from ymltrain.kinds.contracts import Datasource, Metric, RegistryBackend, Tracker
from ymltrain.kinds.params import absolute_paths
from ymltrain.plan.events import RunEvent
from ymltrain.plan.plan import Plan, PlanNode
from ymltrain.record.directory import RunDirectory
from ymltrain.record.final import RegisteredModel
from ymltrain.record.packages import code_digest
from ymltrain.registry.location import located
from ymltrain.storage import bytes_digest

PROFILED_ROWS = 100_000
"""How many rows of train, and of the other splits, a profile is made of at most."""


@dataclass(frozen=True)
class Job:
    """One execution of a plan: `watch` hears every event, `warn` every warning for a person."""

    plan: Plan
    run: RunDirectory
    workspace: Path
    catalog: Catalog
    environment: Mapping[str, str]
    watch: Callable[[RunEvent], None]
    warn: Callable[[str], None]
    forced: frozenset[str] = frozenset()
    """Stages that are done anew even where an earlier run has done the same."""

    @property
    def cache(self) -> Path:
        """The workspace's folder of what can be made again."""
        return self.workspace / "cache"

    @cached_property
    def code(self) -> str:
        """The digest of the installed code that works here: who writes a plugin changes it without giving it a new version."""
        sources = [node.plugin for node in self.plan.nodes if node.plugin.digest is None]
        packages = {("ymltrain", "ymltrain")} | {(source.distribution, source.entry.split(".")[0]) for source in sources}
        return bytes_digest("/".join(code_digest(name, package) for name, package in sorted(packages)).encode())

    def build(self, node: PlanNode, adjust: Callable[[Any], Any] | None = None) -> Any:
        """The plugin of a node of the plan."""
        return self.catalog.build(node, self.environment, adjust)

    def metrics(self) -> dict[str, Metric]:
        """The metric plugins by the name their values are logged under."""
        return {node.type: self.build(node) for node in self.plan.nodes_of("metric")}

    def trackers(self) -> dict[str, Tracker]:
        """The tracker plugins by name."""
        return {node.type: self.build(node) for node in self.plan.nodes_of("tracker")}

    def registry_backend(self) -> RegistryBackend:
        """The registry's storage; `registry/` of the workspace unless the plan says otherwise."""
        backend: RegistryBackend = self.build(self.plan.node("registry"), lambda params: located(params, self.workspace))
        return backend

    def source(self) -> Datasource:
        """The datasource, with paths taken from the workspace."""
        source: Datasource = self.build(self.plan.node("datasource"), lambda params: absolute_paths(params, self.workspace))
        return source

    def table_spec(self) -> TableSpec:
        """How the plan reads its table."""
        plan = self.plan
        return TableSpec(
            features=plan.features,
            target=plan.target,
            keys=plan.keys,
            seeds=plan.seeds,
            golden_rows=plan.skew.golden_rows,
            event_time=plan.event_time,
            weight=plan.weight,
            drawn_rows=PROFILED_ROWS if plan.skew.profile else 0,
        )

    def prepare_data(self) -> PreparedData:
        """Read, split and encode the data, or take them encoded from the cache. Raises DataError."""
        plan = self.plan
        cache = EncodedCache(self.cache / "data", bytes_digest(f"{plan.stage('features').digest}/{self.code}".encode()))
        source = self.source()
        if "features" in self.forced:
            cache.drop(source.fingerprint())
        return prepare_data(
            source=source,
            cache=cache,
            split=self.build(plan.node("split")),
            encoders={feature.column: self.build(plan.node(feature.encoder)) for feature in plan.features},
            spec=self.table_spec(),
        )


class FitResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a fit came to; the document of `fit --json`. `timings` are seconds by stage, of this attempt."""

    run_id: str
    run_dir: str
    status: Literal["done", "preempted", "interrupted"]
    metrics: dict[str, float | None]
    steps: int
    best_epoch: int | None
    tensor_digest: str | None
    resumed_from: str | None
    model: RegisteredModel | None
    promoted: str | None
    baselines: dict[str, dict[str, float | None]]
    """What each baseline scores where the model was tested: `{"mean": {"test/rmse": …}, "linear": …}`."""
    reused: dict[str, str]
    """Stage → the earlier run that had done the same, whose result was taken."""
    timings: dict[str, float]
