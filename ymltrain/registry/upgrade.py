"""From format 1 to format 2, in place: attestations and checkpoints are added, then the format's number is replaced.

Every step may be repeated, and the last one is the only one that anybody can see. Events are never touched.
"""

from __future__ import annotations

import msgspec

from ymltrain.diagnostics import ModelNameError
from ymltrain.registry.attestations import attest, attestation_keys
from ymltrain.registry.faults import storage_faults
from ymltrain.registry.format import KEY, VERSION, read_format
from ymltrain.registry.origin import links_of, provenance_of_links
from ymltrain.registry.registry import Registry


def upgrade_registry(registry: Registry) -> tuple[int, int]:
    """The format that was there, and the present one. Raises RegistryError, before the last step, at any damage."""
    backend = registry.backend
    with storage_faults("upgrade", backend):
        found = read_format(backend)
        if found is None:
            raise ModelNameError("YT952", f"there is no registry in {backend}", "begin one: ymltrain registry init")
        if found.version == VERSION:
            return VERSION, VERSION
        for name in registry.list_models():
            for version in registry.show(name).versions:
                if not attestation_keys(backend, version.digest):
                    attest(backend, registry.manifest(version), provenance_of_links(links_of(version)))
            registry.log(name).save_checkpoints()
        backend.replace(KEY, msgspec.structs.replace(found, version=VERSION).encode())
    return found.version, VERSION
