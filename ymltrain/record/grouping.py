"""Several runs side by side: what differs among them, and repeats that differ in nothing but their seed."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ymltrain.record.query import Summary

SECTIONS = ("params", "metrics", "tags")
SEED = "seed"


def differing(summaries: Sequence[Summary], *, shows_all: bool = False) -> dict[str, dict[str, list[Any]]]:
    """Section → key → the value of each run, of those keys whose values are not all equal (or of all keys)."""
    found: dict[str, dict[str, list[Any]]] = {}
    for section in SECTIONS:
        keys = dict.fromkeys(key for summary in summaries for key in summary[section])
        rows = {key: [summary[section].get(key) for summary in summaries] for key in keys}
        found[section] = {key: values for key, values in rows.items() if shows_all or any(value != values[0] for value in values)}
    return found


def telling(params: Mapping[str, Sequence[Any]]) -> list[str]:
    """Of params that differ, those that say why: what a plugin has and another one chosen in its place has not says no more."""
    nodes = [key.removesuffix("type") for key in params if key.endswith(".type")]
    return [key for key, values in params.items() if not (key.startswith(tuple(nodes)) and _is_one_value(key, values))]


def _is_one_value(key: str, values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return not key.endswith(".type") and all(value == known[0] for value in known)


def group_repeats(summaries: Sequence[Summary]) -> list[dict[str, Any]]:
    """Runs of equal params but for the seed, as one: how many, which seeds, and mean and sample sd of each metric."""
    groups: dict[bytes, list[Summary]] = {}
    for summary in summaries:
        params = {key: value for key, value in summary["params"].items() if key != SEED}
        groups.setdefault(msgspec.json.encode(params, order="deterministic"), []).append(summary)
    return [_group(members) for members in groups.values()]


def _group(members: Sequence[Summary]) -> dict[str, Any]:
    names = dict.fromkeys(name for member in members for name in member["metrics"])
    return {
        "runs": [member["run_id"] for member in members],
        "seeds": [member["params"].get(SEED) for member in members],
        "params": {key: value for key, value in members[0]["params"].items() if key != SEED},
        "metrics": {name: _spread([member["metrics"].get(name) for member in members]) for name in names},
    }


def _spread(values: Sequence[Any]) -> Mapping[str, Any]:
    known = [float(value) for value in values if isinstance(value, int | float) and math.isfinite(value)]
    return {
        "mean": statistics.fmean(known) if known else None,
        "sd": statistics.stdev(known) if len(known) > 1 else None,
        "n": len(known),
    }
