"""The models of the workspace's registry, for completion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import click


@dataclass(frozen=True)
class Model:
    """A model's name, its aliases with the version of each, and all its versions, the oldest first."""

    name: str
    aliases: Mapping[str, int]
    versions: Sequence[int]


def registered(context: click.Context) -> Iterator[Model]:
    """All models of the registry that the command line names, or of the workspace's own."""
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.loading import open_registry
    from ymltrain.record.workspace import find_workspace

    folder = find_workspace(context.params.get("workspace"))
    registry = open_registry(folder, Catalog.installed(), context.params.get("registry_url"))
    for model in registry.summaries():
        yield Model(model.name, model.aliases, range(1, model.count + 1))
