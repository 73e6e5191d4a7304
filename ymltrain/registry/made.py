"""What is known of a new version beside its files, and how that is kept in the log."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from ymltrain.plan.sections import Promote
from ymltrain.registry.events import Link, Register, SliceMetrics
from ymltrain.registry.manifest import Manifest


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a new version beside its files; each field as in `Register`. `provenance` is attested (SLSA)."""

    run_id: str | None = None
    tensor_digest: str | None = None
    metrics: Mapping[str, float | None] = {}
    goals: Mapping[str, Literal["minimize", "maximize"]] = {}
    links: tuple[Link, ...] = ()
    evaluated_on: str | None = None
    promote: Promote | None = None
    provenance: Mapping[str, Any] = {}
    slices: tuple[SliceMetrics, ...] = ()
    baselines: Mapping[str, Mapping[str, float | None]] = {}


def registration(version: int, manifest: Manifest, made: Made) -> Register:
    """The event that makes these files a version. A metric that is not finite is kept as null."""
    return Register(
        version=version,
        digest=manifest.digest,
        size=manifest.size,
        tensor_digest=made.tensor_digest,
        run_id=made.run_id,
        metrics={name: value if value is not None and math.isfinite(value) else None for name, value in made.metrics.items()},
        goals=dict(made.goals),
        links=made.links,
        evaluated_on=made.evaluated_on,
        promote=None if made.promote is None else msgspec.to_builtins(made.promote),
        slices=made.slices,
        baselines={name: dict(scores) for name, scores in made.baselines.items()},
    )
