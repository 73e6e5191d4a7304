"""Attestations: what is claimed of a version's files, beside them, so that more claims may accrue later.

Each is an in-toto statement (https://in-toto.io/Statement/v1) about the files of a manifest; the one every version
gets has SLSA provenance (https://slsa.dev/provenance/v1) as its predicate. It lies under the manifest's digest and
its own, and is stored before the version is committed. Signatures are for whoever trusts a key: none is made here.

Those of many versions share a folder: one for each would cost a registration as much as another file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from ymltrain.kinds.contracts import RegistryBackend
from ymltrain.plan.plan import canonical_json
from ymltrain.registry.manifest import Manifest
from ymltrain.storage import bytes_digest

STATEMENT = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
FOLDER = "attestations"
KEY = re.compile(FOLDER + r"/sha256/(?:[0-9a-f]{2}/)?(?P<hexadecimal>[0-9a-f]{64})[./].+")


def attest(backend: RegistryBackend, manifest: Manifest, provenance: Mapping[str, Any]) -> str:
    """Store the provenance of a version's files; the key. Storing the same again is a no-op."""
    content = canonical_json(statement(manifest, provenance)) + b"\n"
    key = f"{_start(manifest.digest)}.slsa-provenance-{_hexadecimal(bytes_digest(content))[:16]}.json"
    backend.put_if_absent(key, content)
    return key


def statement(manifest: Manifest, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The in-toto statement: every file of the version and the manifest itself are its subjects."""
    subjects = [{"name": file.path, "digest": {"sha256": _hexadecimal(file.digest)}} for file in manifest.files]
    return {
        "_type": STATEMENT,
        "subject": [*subjects, {"name": "manifest", "digest": {"sha256": _hexadecimal(manifest.digest)}}],
        "predicateType": PROVENANCE,
        "predicate": provenance,
    }


def attestation_keys(backend: RegistryBackend, digest: str) -> Sequence[str]:
    """The attestations of a version, by the digest of its manifest. The first registries gave each version a folder."""
    start = _start(digest)
    shared = backend.list(start.rpartition("/")[0], after=start)
    own = backend.list(f"{FOLDER}/sha256/{_hexadecimal(digest)}")
    return [*(key for key in shared if key.startswith(f"{start}.")), *own]


def attested_digest(key: str) -> str | None:
    """The digest of the manifest that an attestation speaks of, by its key; None for any other key."""
    match = KEY.fullmatch(key)
    return f"sha256:{match['hexadecimal']}" if match else None


def read_attestations(backend: RegistryBackend, digest: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Each attestation of a version by its key; None where it is no JSON object."""
    for key in attestation_keys(backend, digest):
        try:
            document = msgspec.json.decode(backend.read(key))
        except (msgspec.DecodeError, UnicodeDecodeError):
            document = None
        yield key, document if isinstance(document, dict) else None


def attestation_problem(key: str, document: Mapping[str, Any] | None, manifest: Manifest) -> str | None:
    """Why an attestation does not speak of these files; None when it does. A provenance must be what its name says."""
    if document is None:
        return "is no JSON object"
    expected = statement(manifest, {})["subject"]
    if document.get("_type") != STATEMENT or document.get("subject") != expected:
        return "speaks of other files than the version has"
    named = key.rpartition("slsa-provenance-")[2].removesuffix(".json")
    if named != key and not _hexadecimal(bytes_digest(canonical_json(document) + b"\n")).startswith(named):
        return "was changed: its digest is not that of its name"
    return None


def _start(digest: str) -> str:
    hexadecimal = _hexadecimal(digest)
    return f"{FOLDER}/sha256/{hexadecimal[:2]}/{hexadecimal}"


def _hexadecimal(digest: str) -> str:
    return digest.removeprefix("sha256:")
