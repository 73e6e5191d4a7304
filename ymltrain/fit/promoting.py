"""Promoting a registered version: its bundle is fetched and measured, as far as its gates ask."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ymltrain.catalog.catalog import Catalog
from ymltrain.fit.gate_evidence import NEEDS_BUNDLE, gather_evidence
from ymltrain.plan.sections import Promote
from ymltrain.registry import Evidence, Promotion, Registry, Version


def promote_version(  # noqa: PLR0913 - what, before which gates, and with what it is measured
    registry: Registry,
    version: Version,
    promote: Promote,
    *,
    cache: Path,
    catalog: Catalog,
    environment: Mapping[str, str],
    override: str = "",
) -> Promotion:
    """What the gates say, recorded. Raises RegistryError, BundleError."""
    evidence = Evidence()
    if NEEDS_BUNDLE & {gate.check for gate in promote.gates}:
        bundle = registry.materialize(version, cache / version.digest.replace(":", "-"))
        evidence = gather_evidence(bundle, promote, catalog, environment)
    return registry.promote(version.model, version.version, promote, evidence=evidence, override=override)
