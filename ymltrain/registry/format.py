"""`FORMAT.json`: which format a registry is in, written once with the first model, replaced only by an upgrade.

Format 1 knows no reviews, protected aliases and rollbacks, and no checkpoints. It is read and written as it is;
what it cannot hold asks for the upgrade.
"""

from __future__ import annotations

import msgspec

from ymltrain.diagnostics import RegistryError
from ymltrain.kinds.contracts import RegistryBackend
from ymltrain.plan.plan import canonical_json
from ymltrain.registry.probe import probe_exclusive_creation

KEY = "FORMAT.json"
NAME = "ymltrain-registry"
VERSION = 2
READABLE = (1, 2)
SINGLE_WRITER = "single_writer"
FEATURES = frozenset({SINGLE_WRITER})


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """A version changes the layout or what an event means; a feature names what a reader must know besides."""

    format: str
    version: int
    features: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """Its bytes."""
        return canonical_json(self) + b"\n"


def ensure_format(backend: RegistryBackend) -> Format:
    """Give a new registry its format, or check that of an existing one, for somebody who will write.

    Raises RegistryError when the storage cannot do what several writers need and nobody promised to be the only one.
    """
    found = read_format(backend) or _begin(backend)
    is_single = SINGLE_WRITER in found.features
    if is_single != backend.single_writer:
        message, hint = (
            (f"the registry in {backend} is for a single writer", "write `single_writer: true` (or --single-writer) and keep to it")
            if is_single
            else (f"the registry in {backend} has several writers", "leave `single_writer` out")
        )
        raise RegistryError("YT970", message, hint)
    return found


def check_format(backend: RegistryBackend) -> None:
    """Raise RegistryError unless this ymltrain can read the registry, or nothing was ever written there."""
    read_format(backend)


def read_format(backend: RegistryBackend) -> Format | None:
    """The format; None where nothing was ever written. Raises RegistryError when it is damaged or not known."""
    try:
        content = backend.read(KEY)
    except FileNotFoundError:
        if not backend.folders("models"):
            return None
        try:  # somebody may have begun the registry between the two looks
            content = backend.read(KEY)
        except FileNotFoundError:
            raise RegistryError(
                "YT955", f"{KEY} in {backend} is missing, though models are there", "`ymltrain models fsck --repair` writes it anew"
            ) from None
    return decode_format(content, backend)


def decode_format(content: bytes, backend: RegistryBackend) -> Format:
    """A format from its bytes. Raises RegistryError when it is damaged or not known."""
    try:
        found = msgspec.json.decode(content, type=Format)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RegistryError(
            "YT955", f"{KEY} in {backend} is damaged: {error}", "`ymltrain models fsck --repair` writes it anew"
        ) from None
    if found.format != NAME:
        raise RegistryError("YT956", f'{backend} is no model registry: {KEY} says format "{found.format}"', "point `url` elsewhere")
    unknown = sorted(set(found.features) - FEATURES)
    if found.version not in READABLE or unknown:
        features = f" with {', '.join(unknown)}" if unknown else ""
        raise RegistryError(
            "YT956",
            f"the registry in {backend} has format {found.version}{features}; this ymltrain knows formats 1 and {VERSION}",
            "upgrade ymltrain to use it",
        )
    return found


def new_format(backend: RegistryBackend) -> Format:
    """The format of a registry that begins now."""
    return Format(format=NAME, version=VERSION, features=(SINGLE_WRITER,) if backend.single_writer else ())


def _begin(backend: RegistryBackend) -> Format:
    if not backend.single_writer:
        probe_exclusive_creation(backend)
    begun = new_format(backend)
    if backend.put_if_absent(KEY, begun.encode()):
        return begun
    found = read_format(backend)
    assert found is not None
    return found
