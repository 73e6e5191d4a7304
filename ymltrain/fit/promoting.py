"""Promoting a registered version: its bundle is fetched and measured, as far as its gates ask."""

from __future__ import annotations

import msgspec

from ymltrain.fit.gate_evidence import NEEDS_BUNDLE, gather_evidence
from ymltrain.fit.skew_evidence import Surroundings, check_holder
from ymltrain.plan.sections import Promote
from ymltrain.registry import Evidence, Promotion, Registry, Version


def promote_version(
    registry: Registry,
    version: Version,
    promote: Promote,
    *,
    where: Surroundings,
    override: str = "",
) -> Promotion:
    """What the gates say, recorded. Raises RegistryError, BundleError."""
    evidence = Evidence()
    if NEEDS_BUNDLE & {gate.check for gate in promote.gates}:
        bundle = registry.materialize(version, where.bundles / version.digest.replace(":", "-"))
        evidence = gather_evidence(bundle, promote, where.catalog, where.environment)
    skew = check_holder(registry, version.model, promote, where)
    evidence = msgspec.structs.replace(evidence, skew=skew)
    return registry.promote(version.model, version.version, promote, evidence=evidence, override=override)
