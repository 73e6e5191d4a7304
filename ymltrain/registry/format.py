"""`FORMAT.json`: which format a registry is in, written once with the first model."""

from __future__ import annotations

import msgspec

from ymltrain.diagnostics import RegistryError
from ymltrain.kinds.contracts import RegistryBackend
from ymltrain.plan.plan import canonical_json

KEY = "FORMAT.json"
NAME = "ymltrain-registry"
VERSION = 1
FEATURES: frozenset[str] = frozenset()


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """A version changes the layout or what an event means; a feature names what a reader must know besides."""

    format: str
    version: int
    features: tuple[str, ...] = ()


def ensure_format(backend: RegistryBackend) -> None:
    """Give a new registry its format, or check that of an existing one."""
    if not backend.has(KEY):
        backend.put_if_absent(KEY, canonical_json(Format(format=NAME, version=VERSION)) + b"\n")
    check_format(backend)


def check_format(backend: RegistryBackend) -> None:
    """Raise RegistryError unless this ymltrain knows the registry's format, or nothing was ever written there."""
    try:
        found = msgspec.json.decode(backend.read(KEY), type=Format)
    except FileNotFoundError:
        return
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RegistryError("YT955", f"{KEY} in {backend} is damaged: {error}", "restore it from a copy") from None
    if found.format != NAME:
        raise RegistryError("YT956", f'{backend} is no model registry: {KEY} says format "{found.format}"', "point `url` elsewhere")
    unknown = sorted(set(found.features) - FEATURES)
    if found.version != VERSION or unknown:
        features = f" with {', '.join(unknown)}" if unknown else ""
        raise RegistryError(
            "YT956",
            f"the registry in {backend} has format {found.version}{features}; this ymltrain knows format {VERSION}",
            "upgrade ymltrain to use it",
        )
