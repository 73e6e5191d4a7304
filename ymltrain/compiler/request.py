"""What a compilation is given: the recipe, what is laid over it, and what is known of the world around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ymltrain.catalog.catalog import Catalog
from ymltrain.compiler.graph import DataLook
from ymltrain.diagnostics import Diagnostics


@dataclass(frozen=True)
class Request:
    """One compilation. The environment is an argument, never ambient.

    `reads_data`: whether the compiler may look at the header and a sample of the data; without it, columns
    are not checked and no Plan can be made. `look` is a look at the same data that was taken before.
    """

    recipe: Path
    workspace: Path
    catalog: Catalog
    environment: Mapping[str, str]
    overrides: tuple[str, ...] = ()
    profile: str | None = None
    reads_data: bool = True
    look: DataLook | None = None
    diagnostics: Diagnostics = field(default_factory=Diagnostics, compare=False)
