"""What may change of a recipe while its run goes on: each change is safe, needs --force, or is refused.

Safe is what gives the same weights, at worst to float tolerance. With --force goes what changes how training goes on from
its state. Refused is what the state means nothing to: other data, another network, another order of rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """What becomes of a change."""

    SAFE = "safe"
    FORCE = "needs --force"
    REFUSED = "refused"


RULES: tuple[tuple[str, Verdict], ...] = (
    ("description", Verdict.SAFE),
    ("tracker", Verdict.SAFE),
    ("registry", Verdict.SAFE),
    ("bundle", Verdict.SAFE),
    ("skew", Verdict.SAFE),
    ("strategy", Verdict.SAFE),
    ("compute", Verdict.SAFE),
    ("trainer.log_every_n_steps", Verdict.SAFE),
    ("trainer.checkpoint", Verdict.SAFE),
    ("trainer.trace", Verdict.SAFE),
    ("trainer.log_histograms_every_n_steps", Verdict.SAFE),
    ("trainer.log_graph", Verdict.SAFE),
    ("trainer.batch_size", Verdict.REFUSED),
    ("trainer.shuffle_window", Verdict.REFUSED),
    ("trainer", Verdict.FORCE),
    ("optimizer.type", Verdict.REFUSED),
    ("optimizer", Verdict.FORCE),
    ("lr_scheduler", Verdict.FORCE),
    ("loss", Verdict.FORCE),
    ("metrics", Verdict.FORCE),
)
"""By the beginning of a key path, the first that fits; whatever is not listed is refused."""

TOLERANCE = ("strategy", "compute.devices", "compute.nodes", "compute.accelerator")
"""Changes after which the weights equal an uninterrupted run's to float tolerance, not to the bit."""


@dataclass(frozen=True)
class Change:
    """A value that differs."""

    path: str
    was: object
    now: object

    @property
    def verdict(self) -> Verdict:
        """What becomes of it."""
        return next((verdict for prefix, verdict in RULES if is_within(self.path, prefix)), Verdict.REFUSED)

    @property
    def keeps_bits(self) -> bool:
        """Whether the weights will be those of an uninterrupted run to the bit."""
        return not any(is_within(self.path, prefix) for prefix in TOLERANCE)

    def __str__(self) -> str:
        return f"{self.verdict.value}: {self.path}: {self.was!r} → {self.now!r}"


def find_changes(was: object, now: object, path: str = "") -> Iterator[Change]:
    """Where two resolved recipes differ."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in [*was, *(key for key in now if key not in was)]:
            yield from find_changes(was.get(key), now.get(key), f"{path}.{key}" if path else str(key))
    elif was != now:
        yield Change(path, was, now)


def is_within(path: str, prefix: str) -> bool:
    """Whether a key path is this one or lies below it."""
    return path == prefix or path.startswith(prefix + ".")
