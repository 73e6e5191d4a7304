"""Which code and recipe two models were made from, where their runs or the registry say so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ymltrain.bundle.difference import Difference, compare
from ymltrain.fit.registration import run_of_bundle
from ymltrain.registry import Link, Registry
from ymltrain.registry.attestations import read_attestations
from ymltrain.registry.origin import links_of, run_links

COMPARED = ("run", "code", "recipe", "study")


def code_differences(was: str, now: str, registry: Registry, folders: Sequence[Path]) -> list[Difference]:
    """Links and recipes of the two that differ; the data and the plan stand in their contracts."""
    old, new = (_links(name, registry, folder) for name, folder in zip((was, now), folders, strict=True))
    origin = [
        Difference(part="origin", what=kind, was=old.get(kind), now=new.get(kind))
        for kind in COMPARED
        if old.get(kind) != new.get(kind)
    ]
    recipes = [_recipe(name, registry, folder) for name, folder in zip((was, now), folders, strict=True)]
    return [*compare("params", "", *recipes), *origin]


def _recipe(name: str, registry: Registry, folder: Path) -> dict[str, Any]:
    """The recipe as it was composed, from the run or from what is attested of the version; empty where neither says."""
    run = run_of_bundle(folder)
    if run is not None:
        return run.plan().recipe.composed
    if "@" in name:
        for _, document in read_attestations(registry.backend, registry.resolve(name).digest):
            definition = (document or {}).get("predicate", {}).get("buildDefinition", {})
            recipe = definition.get("externalParameters", {}).get("recipe")
            if isinstance(recipe, dict):
                return recipe
    return {}


def _links(name: str, registry: Registry, folder: Path) -> dict[str, str]:
    links: Sequence[Link]
    if "@" in name and not Path(name).exists():
        links = links_of(registry.resolve(name))
    else:
        run = run_of_bundle(folder)
        links = run_links(run) if run is not None else ()
    return {link.type: f"{link.id} {link.note}".strip() for link in links}
