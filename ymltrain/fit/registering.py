"""The last stages: register the bundle, then move the alias that the recipe promotes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from ymltrain.bundle.contract import Contract
from ymltrain.fit.job import Job
from ymltrain.kinds.contracts import Metric
from ymltrain.plan.events import StageChanged
from ymltrain.record.directory import RunDirectory
from ymltrain.record.final import RegisteredModel
from ymltrain.registry import Registry
from ymltrain.registry.state import Version
from ymltrain.registry.write import new_write_id
from ymltrain.storage.atomic import write_durably

WRITE_IDS_FILE = "registration.json"


class WriteIds(msgspec.Struct, frozen=True):
    """The ids of a run's writes to the registry, kept before the first of them: resuming repeats none."""

    register: str
    promote: str


def register_bundle(
    job: Job, contract: Contract, metrics: Mapping[str, float], goals: Mapping[str, Metric]
) -> tuple[Version, str | None]:
    """The registered version, and the alias that moved to it (None when none did). Raises RegistryError."""
    spec = job.plan.register
    assert spec is not None
    registry = Registry(job.registry_backend())
    write_ids = _write_ids(job.run)
    job.watch(StageChanged(stage="register", note=f"{spec.model} in {job.registry_backend()}"))
    version = registry.register(
        job.run.bundle,
        model=spec.model,
        run_id=job.run.run_id,
        tensor_digest=contract.digests.tensors,
        metrics=metrics,
        lineage={"data": contract.digests.data, "plan": contract.digests.plan},
        write_id=write_ids.register,
    )
    if spec.promote is None:
        return version, None
    promotion = registry.promote(spec.model, version.version, spec.promote, goals=_goals(goals), write_id=write_ids.promote)
    for gate in promotion.gates:
        if not gate.passed:
            job.warn(f"not promoted to {spec.promote.alias}: {gate.reason}")
    return version, spec.promote.alias if promotion.promoted else None


def registered_model(version: Version) -> RegisteredModel:
    """A version as the run records it."""
    return RegisteredModel(name=version.model, version=version.version, digest=version.digest)


def _goals(metrics: Mapping[str, Metric]) -> dict[str, Literal["minimize", "maximize"]]:
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
