"""What a prediction is stamped with: which bundle made it, and digests of each part that must belong together."""

from __future__ import annotations

import platform
from importlib.metadata import version

import msgspec

from ymltrain import __version__
from ymltrain.bundle.contract import Contract, write_contract
from ymltrain.plan.plan import canonical_json
from ymltrain.storage.digests import bytes_digest

LIBRARIES = ("numpy", "polars", "torch")


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a served model. `program` is the model plugin with its params, `encoders` all that encoders learned."""

    program: str
    weights: str
    encoders: str
    libraries: str


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What a record of the serving log says of its maker: the digest of the bundle's contract, and its parts."""

    bundle: str
    versions: Versions


def stamp_of(contract: Contract) -> Stamp:
    """The stamp of predictions that this process makes with a bundle."""
    encoders = [(feature.column, feature.encoder.type, feature.state) for feature in contract.features]
    return Stamp(
        bundle=bytes_digest(write_contract(contract)),
        versions=Versions(
            program=bytes_digest(canonical_json(contract.model)),
            weights=contract.digests.weights,
            encoders=bytes_digest(canonical_json([encoders, contract.target.state])),
            libraries=libraries(),
        ),
    )


def libraries() -> str:
    """The libraries that numbers depend on, with their versions."""
    found = {"python": platform.python_version(), "ymltrain": __version__, **{name: version(name) for name in LIBRARIES}}
    return " ".join(f"{name}={value}" for name, value in found.items())
