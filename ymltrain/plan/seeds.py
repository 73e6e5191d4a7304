"""The seed tree: one root seed in the recipe, one derived seed for each thing that draws."""

from __future__ import annotations

import hashlib

PURPOSES = ("split", "weights", "order", "dropout", "golden", "bootstrap")


def derive_seed(root: int, purpose: str) -> int:
    """A 53-bit seed for one purpose (exact in any JSON reader), independent of the others and stable across versions."""
    digest = hashlib.sha256(f"{root}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 11


def seed_tree(root: int) -> dict[str, int]:
    """The derived seeds of all purposes."""
    return {purpose: derive_seed(root, purpose) for purpose in PURPOSES}
