"""From a name to a model that predicts: `name@alias`, `name@3`, `name@sha256:…`, a run, or a bundle folder.

Nothing here imports what trains: torch is loaded when a bundle is, lightning never.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ymltrain.bundle.contract import CONTRACT_FILE
from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import UsageError
from ymltrain.record.find import find_run
from ymltrain.record.workspace import find_workspace
from ymltrain.registry import Registry
from ymltrain.registry.location import located

if TYPE_CHECKING:
    from ymltrain.bundle.predictor import AnyPredictor


def load_model(model: str, *, registry: str | None = None, workspace: str | os.PathLike[str] | None = None) -> AnyPredictor:
    """The predictor of a model that MODEL names, with the plugins installed here. Raises YmltrainError."""
    from ymltrain.bundle.predictor import load_bundle

    catalog = Catalog.installed()
    folder = find_workspace(None if workspace is None else Path(workspace))
    return load_bundle(locate_bundle(model, folder, catalog, registry), catalog, os.environ)


def locate_bundle(model: str, workspace: Path, catalog: Catalog, url: str | None = None) -> Path:
    """The bundle folder that MODEL names; a registered version is copied to the workspace's cache and verified.

    Raises UsageError, RegistryError.
    """
    folder = Path(model)
    if (folder / CONTRACT_FILE).is_file():
        return folder
    if "@" in model:
        registry = open_registry(workspace, catalog, url)
        version = registry.resolve(model)
        return registry.materialize(version, workspace / "cache" / "bundles" / version.digest.replace(":", "-"))
    run = find_run(workspace, model)
    if not (run.bundle / CONTRACT_FILE).is_file():
        has_ended = run.final_file.exists()
        hint = f"it failed: ymltrain runs show {run.run_id}" if has_ended else f"finish it: ymltrain fit --resume {run.run_id}"
        raise UsageError("YT817", f"run {run.run_id} has no bundle", hint)
    return run.bundle


def open_registry(workspace: Path, catalog: Catalog, url: str | None = None, *, single_writer: bool = False) -> Registry:
    """The filesystem registry at a folder or URL; the workspace's own when none is named."""
    plugin = catalog.load("registry", "filesystem")
    given = {"single_writer": single_writer} | ({"url": url} if url is not None else {})
    try:
        params = msgspec.convert(given, plugin.params)
    except msgspec.ValidationError as error:
        raise UsageError("YT950", f"--registry: {error}", "name a folder, or a URL such as s3://bucket/models") from None
    return Registry(plugin.implementation(located(params, workspace)))
