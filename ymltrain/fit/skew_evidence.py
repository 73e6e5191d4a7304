"""What a gate on skew asks: the log of the version that holds the alias now, checked as `skew check` would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ymltrain.bundle.contract import PROFILE_FILE
from ymltrain.bundle.predictor import load_table_bundle
from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import DataError, RegistryError
from ymltrain.plan.sections import Promote
from ymltrain.registry import Registry, SkewVerdict, Version
from ymltrain.skew.check import Question, check
from ymltrain.skew.findings import Finding
from ymltrain.skew.log import log_files
from ymltrain.skew.profile import read_profile

TOLD = 3
NO_ALIAS = "YT952"


@dataclass(frozen=True)
class Surroundings:
    """Where a promotion takes place: paths of logs are relative to the workspace."""

    workspace: Path
    catalog: Catalog
    environment: Mapping[str, str]

    @property
    def bundles(self) -> Path:
        """Where registered bundles are copied to."""
        return self.workspace / "cache" / "bundles"


def check_holder(registry: Registry, model: str, promote: Promote, where: Surroundings) -> dict[str, SkewVerdict]:
    """The verdict on each log that a gate names. Raises RegistryError, BundleError where the holder cannot be fetched."""
    logs = [gate.log for gate in promote.gates if gate.check == "skew" and gate.log is not None]
    if not logs:
        return {}
    try:
        holder = registry.resolve(f"{model}@{promote.alias}")
    except RegistryError as error:
        if error.code != NO_ALIAS:
            raise
        return {log: SkewVerdict(alias=promote.alias) for log in logs}
    return {log: _check(registry, holder, promote.alias, where, log) for log in logs}


def _check(registry: Registry, holder: Version, alias: str, where: Surroundings, log: str) -> SkewVerdict:
    bundle = registry.materialize(holder, where.bundles / holder.digest.replace(":", "-"))
    try:
        reference = read_profile(bundle / PROFILE_FILE)
        question = Question(files=log_files([where.workspace / log]), settings=reference.settings)
        report = check(load_table_bundle(bundle, where.catalog, where.environment, "a gate on skew"), reference, question).report
    except DataError as error:
        return SkewVerdict(alias=alias, version=holder.version, problem=error.message)
    told = [_words(finding) for finding in report.findings[:TOLD]]
    return SkewVerdict(alias=alias, version=holder.version, verdict=report.verdict, rows=report.rows, findings=tuple(told))


def _words(finding: Finding) -> str:
    return f"{finding.feature}: {finding.cause}" if finding.feature is not None else finding.cause
