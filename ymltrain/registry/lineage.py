"""Lineage: what a version was made from, and which versions something went into."""

from __future__ import annotations

import msgspec

from ymltrain.registry.attestations import read_attestations
from ymltrain.registry.events import Link
from ymltrain.registry.faults import storage_faults
from ymltrain.registry.origin import links_of
from ymltrain.registry.registry import Registry
from ymltrain.registry.state import Version


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """A version with its links, the keys of its attestations, and the versions that were made of the same data."""

    version: str
    digest: str
    tensor_digest: str | None
    made_from: tuple[Link, ...]
    attestations: tuple[str, ...]
    same_data: tuple[str, ...] = ()


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A version that something went into, and as what."""

    version: str
    type: str
    note: str = ""
    aliases: tuple[str, ...] = ()


def lineage_of(registry: Registry, version: Version) -> Lineage:
    """Where a version comes from."""
    links = links_of(version)
    data = next((link.id for link in links if link.type == "data"), None)
    others = [] if data is None else [use.version for use in uses_of(registry, data) if use.version != str(version)]
    with storage_faults("read", registry.backend):
        attestations = tuple(key for key, _ in read_attestations(registry.backend, version.digest))
    return Lineage(
        version=str(version),
        digest=version.digest,
        tensor_digest=version.tensor_digest,
        made_from=links,
        attestations=attestations,
        same_data=tuple(others),
    )


def uses_of(registry: Registry, what: str) -> list[Use]:
    """All versions of all models that were made from something: data, a run, a commit, a study, by its id or digest.

    A digest may be shortened, a commit too; `what` then is its beginning, of eight characters or more.
    """
    return [
        Use(version=str(version), type=link.type, note=link.note, aliases=version.aliases)
        for name in registry.list_models()
        for version in registry.show(name).versions
        for link in links_of(version)
        if _is(link, what)
    ]


def _is(link: Link, what: str) -> bool:
    wanted = what.removeprefix("sha256:")
    known = [value.removeprefix("sha256:") for value in (link.id, link.digest or "") if value]
    return any(value == wanted or (len(wanted) >= 8 and value.startswith(wanted)) for value in known)
