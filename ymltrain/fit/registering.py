"""The last stages: register the bundle, then move the alias that the recipe promotes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from ymltrain.bundle.contract import Contract
from ymltrain.diagnostics import RegistryError
from ymltrain.fit.gate_evidence import gather_evidence
from ymltrain.fit.job import Job
from ymltrain.fit.skew_evidence import Surroundings, check_holder
from ymltrain.kinds.contracts import Metric
from ymltrain.plan.events import StageChanged
from ymltrain.record.directory import RunDirectory
from ymltrain.record.final import RegisteredModel
from ymltrain.registry import Registry
from ymltrain.registry.origin import made_by
from ymltrain.registry.state import Version
from ymltrain.registry.write import new_write_id
from ymltrain.storage.atomic import write_durably

WRITE_IDS_FILE = "registration.json"


class WriteIds(msgspec.Struct, frozen=True):
    """The ids of a run's writes to the registry, kept before the first of them: resuming repeats none."""

    register: str
    promote: str


def reach_registry(job: Job) -> None:
    """Look that the registry can be read before hours of training end at it. Raises RegistryError, PluginError."""
    Registry(job.registry_backend()).check()


def register_bundle(
    job: Job, contract: Contract, metrics: Mapping[str, float], known: Version | None = None
) -> tuple[Version, str | None]:
    """The registered version, and the alias that moved to it or points at it (None when neither). Raises RegistryError.

    `known` is the version that an earlier run has made of the same: it is registered, and only promoted where it is not.
    """
    spec = job.plan.register
    assert spec is not None
    registry = Registry(job.registry_backend())
    write_ids = _write_ids(job.run)
    version = known or _register(job, registry, contract, metrics, write_ids.register)
    if spec.promote is None:
        return version, None
    if known is not None and spec.promote.alias in known.aliases:
        return version, spec.promote.alias
    evidence = gather_evidence(job.run.bundle, spec.promote, job.catalog, job.environment)
    skew = check_holder(registry, spec.model, spec.promote, Surroundings(job.workspace, job.catalog, job.environment))
    promotion = registry.promote(
        spec.model,
        version.version,
        spec.promote,
        evidence=msgspec.structs.replace(evidence, skew=skew),
        write_id=write_ids.promote,
    )
    for gate in promotion.gates:
        if not gate.passed:
            job.warn(f"not promoted to {spec.promote.alias}: {gate.reason}")
    return version, spec.promote.alias if promotion.promoted else None


def _register(job: Job, registry: Registry, contract: Contract, metrics: Mapping[str, float], write_id: str) -> Version:
    spec = job.plan.register
    assert spec is not None
    job.watch(StageChanged(stage="register", note=f"{spec.model} in {job.registry_backend()}"))
    made = made_by(
        job.run,
        data=contract.digests.data,
        tensors=contract.digests.tensors,
        metrics={name: float(value) for name, value in metrics.items()},
        goals=metric_goals(job.metrics()),
    )
    return registry.register(job.run.bundle, model=spec.model, made=made, write_id=write_id)


def still_registered(job: Job, model: RegisteredModel | None) -> Version | None:
    """The version that an earlier run registered, when the registry still has it and it was not withdrawn."""
    if model is None:
        return None
    try:
        version = Registry(job.registry_backend()).resolve(f"{model.name}@{model.version}")
    except RegistryError:
        return None
    return version if version.digest == model.digest and version.state in ("candidate", "approved") else None


def registered_model(version: Version) -> RegisteredModel:
    """A version as the run records it."""
    return RegisteredModel(name=version.model, version=version.version, digest=version.digest)


def metric_goals(metrics: Mapping[str, Metric | type[Metric]]) -> dict[str, Literal["minimize", "maximize"]]:
    """Whether less or more is better, of each metric by its full name."""
    goals: dict[str, Literal["minimize", "maximize"]] = {}
    for part in ("train", "val", "test"):
        goals[f"{part}/loss"] = "minimize"
        goals.update({f"{part}/{name}": metric.goal for name, metric in metrics.items()})
    return goals


def _write_ids(run: RunDirectory) -> WriteIds:
    path = run.path / WRITE_IDS_FILE
    if not path.is_file():
        write_durably(path, msgspec.json.encode(WriteIds(new_write_id(), new_write_id())) + b"\n")
    return msgspec.json.decode(path.read_bytes(), type=WriteIds)
