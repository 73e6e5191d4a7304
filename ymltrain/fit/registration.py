"""Registering by hand: the bundle of a run that has ended, or a bundle folder that came from elsewhere."""

from __future__ import annotations

from pathlib import Path

from ymltrain.bundle.contract import CONTRACT_FILE, Contract, read_contract
from ymltrain.bundle.predictor import check_exports
from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import BundleError, PluginError
from ymltrain.fit.registering import metric_goals
from ymltrain.kinds.contracts import Metric
from ymltrain.loading import locate_bundle
from ymltrain.record.directory import RunDirectory
from ymltrain.registry import Made, Registry, Version
from ymltrain.registry.origin import made_by, made_of_bundle, with_evaluation


def register_source(source: str, model: str, registry: Registry, workspace: Path, catalog: Catalog) -> Version:
    """The new version. Raises UsageError when SOURCE names no bundle, BundleError, RegistryError."""
    bundle = locate_bundle(source, workspace, catalog)
    path = bundle / CONTRACT_FILE
    if not path.is_file():
        raise BundleError("YT920", f"{bundle} is not a bundle: it has no {CONTRACT_FILE}", "name a bundle folder, or a run")
    contract = read_contract(path.read_bytes(), str(path))
    check_exports(bundle, contract)
    run = run_of_bundle(bundle)
    return registry.register(bundle, model=model, made=_made(bundle, contract, run, catalog))


def run_of_bundle(bundle: Path) -> RunDirectory | None:
    """The run whose directory a bundle lies in, if it does."""
    folder = bundle.absolute().parent
    return RunDirectory.open(folder) if (folder / "provenance.json").is_file() and (folder / "plan.json").is_file() else None


def _made(bundle: Path, contract: Contract, run: RunDirectory | None, catalog: Catalog) -> Made:
    digests = contract.digests
    goals = metric_goals(_metrics(contract, catalog))
    if run is not None:
        return made_by(run, data=digests.data, tensors=digests.tensors, metrics=contract.metrics, goals=goals)
    made = made_of_bundle(data=digests.data, plan=digests.plan, tensors=digests.tensors, metrics=contract.metrics, goals=goals)
    return with_evaluation(made, bundle)


def _metrics(contract: Contract, catalog: Catalog) -> dict[str, type[Metric]]:
    """The metric plugins by the names that the contract has values of, those that are installed."""
    found: dict[str, type[Metric]] = {}
    for name in sorted({full.partition("/")[2] for full in contract.metrics}):
        try:
            found[name] = catalog.load("metric", name).implementation
        except PluginError:
            continue
    return found
