"""The stages of a fit: what each works on, as a digest, so that what has not changed is not done again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ymltrain.diagnostics import UsageError, did_you_mean


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One stage, and those it builds upon.

    `digest` covers what the plan says of this stage and of all below it, and not the data themselves: these are known
    by their fingerprint when they are read. Equal digests over equal data make equal results.
    """

    name: str
    digest: str
    takes: tuple[str, ...] = ()


def chain_stages(parts: Iterable[tuple[str, tuple[str, ...], Any]]) -> tuple[Stage, ...]:
    """Stages from (name, stages it builds upon, what the plan says of it), lower ones first."""
    stages: dict[str, Stage] = {}
    for name, takes, content in parts:
        below = [stages[lower].digest for lower in takes]
        encoded = msgspec.json.encode([name, below, content], order="deterministic")
        stages[name] = Stage(name=name, digest="sha256:" + hashlib.sha256(encoded).hexdigest(), takes=takes)
    return tuple(stages.values())


def stages_upon(stages: Iterable[Stage], names: Iterable[str]) -> frozenset[str]:
    """These stages and all that build upon them. Raises UsageError for a name that is no stage."""
    known = {stage.name: stage for stage in stages}
    affected: set[str] = set()
    for name in names:
        if name not in known:
            raise UsageError("YT807", f'the plan has no stage "{name}"', did_you_mean(name, known))
        affected.add(name)
    for stage in known.values():  # lower ones come first
        if affected.intersection(stage.takes):
            affected.add(stage.name)
    return frozenset(affected)


def stage_digests(stages: Iterable[Stage]) -> Mapping[str, str]:
    """Digest by name."""
    return {stage.name: stage.digest for stage in stages}
