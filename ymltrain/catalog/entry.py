"""A plugin as the catalog has it: listed, loaded, or broken."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ymltrain.diagnostics import PluginError
from ymltrain.kinds import Params, params_schema
from ymltrain.plan.plan import PluginSource

FIRST_API = frozenset({1})


@dataclass(frozen=True)
class PluginEntry:
    """An installed plugin that has not been imported.

    `built_for` are the versions of the plugin API that its distribution names; None where it names something else.
    """

    kind: str
    name: str
    source: PluginSource
    load: Callable[[], Any] = field(repr=False, compare=False)
    built_for: frozenset[int] | None = FIRST_API

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}" of {self.source.distribution} {self.source.version}'.rstrip()


@dataclass(frozen=True)
class LoadedPlugin:
    """A plugin whose implementation has been imported and found to keep its kind's contract."""

    entry: PluginEntry
    implementation: Any
    params: type[Params]

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its params."""
        return params_schema(self.params)

    @property
    def summary(self) -> str:
        """What it does, in a sentence: the first paragraph of its docstring, or of its module's."""
        text = inspect.getdoc(self.implementation) or inspect.getdoc(inspect.getmodule(self.implementation)) or ""
        return text.split("\n\n")[0].replace("\n", " ")


@dataclass(frozen=True)
class BrokenPlugin:
    """A plugin that cannot be loaded, and why."""

    entry: PluginEntry
    error: PluginError
