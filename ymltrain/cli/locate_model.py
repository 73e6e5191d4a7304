"""A MODEL argument to a bundle folder: `name@alias`, `name@3`, `name@sha256:…`, a run, or a bundle folder."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ymltrain.bundle.contract import CONTRACT_FILE
from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import UsageError
from ymltrain.record.find import find_run
from ymltrain.registry import Registry
from ymltrain.registry.location import located


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


def open_registry(workspace: Path, catalog: Catalog, url: str | None = None) -> Registry:
    """The filesystem registry at a folder or URL; the workspace's own when none is named."""
    plugin = catalog.load("registry", "filesystem")
    try:
        params = msgspec.convert({"url": url} if url is not None else {}, plugin.params)
    except msgspec.ValidationError as error:
        raise UsageError("YT950", f"--registry: {error}", "name a folder, or a file:// URL of this machine") from None
    return Registry(plugin.implementation(located(params, workspace)))
