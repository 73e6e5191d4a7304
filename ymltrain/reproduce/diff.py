"""Two runs, A and B, in one view: recipe, code, data, environment, metrics, and which of these is the likely cause."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ymltrain.record.directory import RunDirectory
from ymltrain.record.evidence import read_evidence
from ymltrain.record.grouping import telling
from ymltrain.record.points import read_metrics
from ymltrain.record.source_code import git
from ymltrain.record.summary import summarize
from ymltrain.reproduce.circumstances import Difference, compare_provenance, read_provenance
from ymltrain.reproduce.compare import Parting, first_parting

NO_CAUSE = frozenset({"name", "description", "tracker", "registry"})


class RunDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between two runs. `params` and `metrics` are key → (A, B); `recipe` is a unified diff of the files."""

    a: str
    b: str
    cause: str
    params: dict[str, tuple[Any, Any]]
    recipe: str
    code: str
    environment: tuple[Difference, ...]
    data: tuple[Difference, ...]
    metrics: dict[str, tuple[Any, Any]]
    first_point: Parting | None
    is_identical: bool


def diff_runs(a: RunDirectory, b: RunDirectory, *, shows_all: bool = False) -> RunDiff:
    """Compare two runs of any workspaces. Raises UsageError when one is damaged."""
    one, other = summarize(a), summarize(b)
    params = _differing(one["params"], other["params"], shows_all=shows_all)
    before, after = read_provenance(a), read_provenance(b)
    environment = compare_provenance(before, after) if "lock" in before and "lock" in after else []
    data = list(_data(a, b))
    parting = first_parting(read_metrics(a), read_metrics(b))
    is_identical = one["tensor_digest"] is not None and one["tensor_digest"] == other["tensor_digest"] and parting is None
    return RunDiff(
        a=a.run_id,
        b=b.run_id,
        cause=likely_cause(_differing(one["params"], other["params"]), data, environment, is_identical=is_identical),
        params=params,
        recipe=_recipe_diff(a, b),
        code=_code_diff(before, after),
        environment=tuple(environment),
        data=tuple(data),
        metrics=_differing(one["metrics"], other["metrics"], shows_all=shows_all),
        first_point=parting,
        is_identical=is_identical,
    )


def likely_cause(params: Mapping[str, Any], data: list[Difference], environment: list[Difference], *, is_identical: bool) -> str:
    """The most direct thing that can explain other results, in words.

    What a recipe says outweighs data, data outweigh code, code outweighs packages, those settings and hardware.
    """
    if is_identical:
        return "none: the same weights and metrics came out"
    keys = telling({key: values for key, values in params.items() if key.partition(".")[0] not in NO_CAUSE})
    if keys == ["seed"]:
        return "the seed: nothing else in the recipe differs"
    if keys:
        return f"the recipe: {', '.join(keys[:4])}" + (f" and {len(keys) - 4} more" if len(keys) > 4 else "")
    if data:
        return "the data: equal recipes read other rows"
    for area in ("code", "packages", "settings", "hardware"):
        found = [difference for difference in environment if difference.area == area and difference.matters]
        if found:
            return f"{area}: {', '.join(difference.what for difference in found[:3])}" + (", …" if len(found) > 3 else "")
    return "nothing that a run records differs: something in it draws on what has no seed, or was interrupted"


def _differing(one: Mapping[str, Any], other: Mapping[str, Any], *, shows_all: bool = False) -> dict[str, tuple[Any, Any]]:
    keys = dict.fromkeys([*one, *other])
    return {key: (one.get(key), other.get(key)) for key in keys if shows_all or one.get(key) != other.get(key)}


def _data(a: RunDirectory, b: RunDirectory) -> list[Difference]:
    one, other = read_evidence(a), read_evidence(b)
    if one is None or other is None:
        return []
    found = []
    if one.data != other.data:
        found.append(Difference(area="data", what="digest of the data", was=one.data, now=other.data))
    if one.rows != other.rows:
        found.append(Difference(area="data", what="rows of each split", was=one.rows, now=other.rows))
    return found


def _recipe_diff(a: RunDirectory, b: RunDirectory) -> str:
    """Of the recipes as they were written; where one of the runs was started from a plan, as they were resolved."""
    name = "recipe.yaml" if a.recipe_file.is_file() and b.recipe_file.is_file() else "resolved.yaml"
    one, other = ((run.path / name).read_text(encoding="utf-8").splitlines() for run in (a, b))
    return "\n".join(difflib.unified_diff(one, other, f"{a.run_id}/{name}", f"{b.run_id}/{name}", lineterm=""))


def _code_diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """`git diff --stat` between the two commits, where their repository is at hand and has both."""
    old = next((root for root in before.get("repositories", []) if "recipe" in root["used_by"]), None)
    new = next((root for root in after.get("repositories", []) if "recipe" in root["used_by"]), None)
    if old is None or new is None or not old["commit"] or not new["commit"] or old["commit"] == new["commit"]:
        return ""
    root = Path(new["root"])
    return (git(root, "diff", "--stat", "--no-color", old["commit"], new["commit"]) or "").rstrip() if root.is_dir() else ""
