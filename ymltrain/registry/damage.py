"""Damage: what is wrong with which key of a registry, and whether it can be mended."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal[
    "format", "event", "gap", "chain", "contradiction", "manifest", "blob_missing", "blob_damaged", "attestation", "hint",
    "unfinished", "stranger", "unused",
]  # fmt: skip

LOSS: tuple[Kind, ...] = (
    "format", "event", "gap", "chain", "contradiction", "manifest", "blob_missing", "blob_damaged", "attestation",
)  # fmt: skip
"""The kinds by which something a version needs is lost or no longer certain; the others only take room."""


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. `versions` are those that suffer from it; `repaired` says whether it was mended now."""

    key: str
    kind: Kind
    what: str
    versions: tuple[str, ...] = ()
    repaired: bool = False

    @property
    def is_loss(self) -> bool:
        """Whether a version suffers from it."""
        return self.kind in LOSS
