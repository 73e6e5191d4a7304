"""How often a run's workers failed and how often it was preempted: two budgets, kept on disk, since restarts outlive us."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ymltrain.storage.atomic import write_durably

FILE = "restarts.json"


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What has happened to a run so far, over all its attempts."""

    failures: int = 0
    preemptions: int = 0


def read_counts(run_dir: Path) -> Counts:
    """The counts of a run; a run that nothing happened to has zeros."""
    try:
        return msgspec.json.decode((run_dir / FILE).read_bytes(), type=Counts)
    except (OSError, msgspec.DecodeError):
        return Counts()


def count_failure(run_dir: Path) -> Counts:
    """One failure more."""
    counts = read_counts(run_dir)
    return _write(run_dir, msgspec.structs.replace(counts, failures=counts.failures + 1))


def count_preemption(run_dir: Path) -> Counts:
    """One preemption more."""
    counts = read_counts(run_dir)
    return _write(run_dir, msgspec.structs.replace(counts, preemptions=counts.preemptions + 1))


def _write(run_dir: Path, counts: Counts) -> Counts:
    write_durably(run_dir / FILE, msgspec.json.encode(counts) + b"\n")
    return counts
