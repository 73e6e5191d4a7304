"""Options that the verbs of `models` share, and the registry they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ymltrain.cli.options import common_options

if TYPE_CHECKING:
    from ymltrain.catalog.catalog import Catalog
    from ymltrain.registry import Registry


@dataclass(frozen=True)
class Place:
    """Which registry is meant, seen from which workspace and with which plugins."""

    url: str | None
    single_writer: bool
    plugins: tuple[Path, ...]
    workspace_given: Path | None

    @property
    def workspace(self) -> Path:
        """The workspace."""
        from ymltrain.record.workspace import find_workspace

        return find_workspace(self.workspace_given)

    def catalog(self) -> Catalog:
        """The installed plugins."""
        from ymltrain.catalog.catalog import Catalog

        return Catalog.installed(self.plugins)

    def open(self) -> Registry:
        """The registry."""
        return self.open_at(self.url)

    def open_at(self, url: str | None) -> Registry:
        """The registry at another folder or URL."""
        from ymltrain.loading import open_registry

        return open_registry(self.workspace, self.catalog(), url, single_writer=self.single_writer)


def registry_options(command: Callable[..., int]) -> Callable[..., int]:
    """--registry, --single-writer and the common options; the command gets them as `place`, with `as_json` beside."""

    @click.option("--registry", "registry_url", metavar="URL", help="The registry's folder or URL; the workspace's own by default.")
    @click.option("--single-writer", is_flag=True, help="The registry is for a single writer, and this is it.")
    @common_options
    @wraps(command)
    def with_place(
        *,
        registry_url: str | None,
        single_writer: bool,
        plugins: tuple[Path, ...],
        workspace: Path | None,
        **rest: Any,
    ) -> int:
        return command(place=Place(registry_url, single_writer, plugins, workspace), **rest)

    return with_place
