"""Lineage as a tree."""

from __future__ import annotations

from collections.abc import Sequence

from ymltrain.registry.lineage import Lineage, Use
from ymltrain.report.console import say, tell


def show_lineage(lineage: Lineage) -> None:
    """The version, and below it what it was made from."""
    tell((lineage.version, "bold"), f"  {lineage.digest}")
    branches = [(link.type, link.id if link.id != link.digest else str(link.digest), link.note) for link in lineage.made_from]
    branches += [("tensors", lineage.tensor_digest or "not recorded", "")]
    branches += [("attestation", key, "") for key in lineage.attestations]
    if lineage.same_data:
        branches.append(("same data", ", ".join(lineage.same_data), ""))
    for number, (kind, what, note) in enumerate(branches, start=1):
        mark = "└─ " if number == len(branches) else "├─ "
        tell(mark, f"{kind:<12}", what, (f"  {note}" if note else "", "dim"))


def show_uses(what: str, uses: Sequence[Use]) -> None:
    """The versions that something went into."""
    if not uses:
        say(f"no version was made from {what}")
    for use in uses:
        aliases = f"  {', '.join(use.aliases)}" if use.aliases else ""
        tell((use.version, "bold"), aliases, (f"  as {use.type} {use.note}".rstrip(), "dim"))
