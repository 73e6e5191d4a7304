"""What verifying, checking, collecting and copying found, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ymltrain.registry.copying import Copied
from ymltrain.registry.damage import Damage
from ymltrain.registry.gc import Garbage
from ymltrain.registry.verify import Verified
from ymltrain.report.console import tell
from ymltrain.report.numbers import size


def verified_as_json(found: Verified) -> dict[str, Any]:
    """The document of `models verify --json`."""
    return {
        "identical": not found.damage,
        "models": found.models,
        "events": found.events,
        "versions": found.versions,
        "blobs": found.blobs,
        "bytes": found.size,
        "damage": msgspec.to_builtins(found.damage),
    }


def show_verified(found: Verified) -> None:
    """All damage, or what was read and found whole."""
    _show(found.damage)
    read = f"{found.events} events, {found.versions} versions, {found.blobs} blobs, {size(found.size)}"
    tell(f"{read} read; ", (f"{len(found.damage)} damaged", "red") if found.damage else ("all as they were written", "green"))


def show_damage(found: Sequence[Damage]) -> None:
    """Each finding, what was lost first."""
    _show(sorted(found, key=lambda damage: not damage.is_loss))
    lost = sum(damage.is_loss and not damage.repaired for damage in found)
    repaired = sum(damage.repaired for damage in found)
    verdict = (f"{lost} not as they were written", "red") if lost else ("nothing is lost", "green")
    tell(verdict, f", {repaired} repaired" if repaired else "")


def show_garbage(found: Garbage) -> None:
    """What is not used."""
    for key in (*found.unused, *found.unfinished):
        tell(key)
    count = len(found.unused) + len(found.unfinished)
    done = "deleted" if found.deleted else "may be deleted: ymltrain models gc --delete" if count else "to delete"
    tell(f"{count} {done}", f"; {found.young} younger than the grace period" if found.young else "")


def show_copied(copied: Copied) -> None:
    """What a copy added."""
    added = f"{copied.events} events, {copied.blobs} blobs, {size(copied.size)} copied" if copied.events else "nothing to copy"
    tell((copied.model, "bold"), f"  {copied.versions} versions; {added}")


def _show(found: Sequence[Damage]) -> None:
    for damage in found:
        mark = ("repaired", "green") if damage.repaired else (damage.kind.replace("_", " "), "red" if damage.is_loss else "yellow")
        tell(mark, f"  {damage.key}: {damage.what}", (f"  ({', '.join(damage.versions)})" if damage.versions else "", "dim"))
