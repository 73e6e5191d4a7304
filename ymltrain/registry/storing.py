"""The files of a bundle as blobs, before any version refers to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ymltrain.registry.blobs import Blobs
from ymltrain.registry.manifest import Manifest, fit_paths, stored_file


def store_bundle(blobs: Blobs, bundle: Path) -> Manifest:
    """Store the files of a bundle folder and their manifest; nothing refers to them yet."""
    paths = fit_paths(bundle)
    stored = blobs.put_files([bundle / path for path in paths])
    manifest = Manifest(files=tuple(map(stored_file, paths, stored)))
    blobs.put(manifest.digest, manifest.encode())
    return manifest


def complete_bundle(blobs: Blobs, bundle: Path, manifests: Sequence[Manifest]) -> None:
    """Store again what a garbage collection took while the version that names it was being committed."""
    for manifest in manifests:
        if not all(map(blobs.has, (manifest.digest, *(file.digest for file in manifest.files)))):
            store_bundle(blobs, bundle)
