"""The table that a person names: which datasource reads it, with which params.

DATA is a path, a folder, a pattern or a URL, whose type follows from its suffix; or a datasource as a recipe writes it,
`{type: csv, path: sales.txt, delimiter: ";"}`. What that leaves out is found by reading.

YT870 a datasource that cannot be read as one, or params that do not fit it; YT880 no datasource reads the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from ymltrain.catalog.catalog import Catalog
from ymltrain.catalog.entry import LoadedPlugin
from ymltrain.diagnostics import DataError, Diagnostics, Source, UsageError
from ymltrain.kinds.contracts import Datasource
from ymltrain.kinds.params import params_schema, path_params
from ymltrain.kinds.violations import find_violations
from ymltrain.plan.secrets import resolve_secrets
from ymltrain.recipe.document import plain
from ymltrain.recipe.short_forms import source_type
from ymltrain.recipe.syntax import parse_syntax

TYPES_TRIED = ("parquet", "feather", "jsonl", "csv")
"""The datasources that a file without a telling suffix is read by, the pickiest first."""

TEXT_PARAMS = {"null_values", "decimal", "thousands", "encoding"}
"""The params of a datasource whose values are text, so that it is for the recipe to say what they mean."""


@dataclass(frozen=True)
class TableSource:
    """A datasource's plugin and its params: `params` as a person writes them, with paths as they were given here."""

    plugin: LoadedPlugin
    params: Mapping[str, Any]
    environment: Mapping[str, str]

    @property
    def type(self) -> str:
        """The datasource's type."""
        return self.plugin.entry.name

    @property
    def is_text(self) -> bool:
        """Whether the file says nothing of types."""
        return set(params_schema(self.plugin.params)["properties"]) >= TEXT_PARAMS

    @property
    def default_nulls(self) -> tuple[str, ...] | None:
        """The texts that mean a missing value unless the recipe says others; None where the source knows no such texts."""
        known = params_schema(self.plugin.params)["properties"].get("null_values")
        return None if known is None else tuple(known["default"])

    @property
    def place(self) -> str:
        """Where the rows are, for people."""
        return str(next((self.params[key] for key in ("path", "table", "query", "url") if key in self.params), self.type))

    def changed(self, **params: Any) -> TableSource:
        """The same rows read with other params."""
        return replace(self, params={**self.params, **params})

    def open(self, **params: Any) -> Datasource:
        """The datasource. Raises UsageError (YT870)."""
        written = {**self.params, **params}
        for violation in find_violations(written, params_schema(self.plugin.params)):
            key = ".".join(map(str, violation.path))
            raise UsageError("YT870", f"DATA as a {self.type}: {f'{key}: ' if key else ''}{violation.message}", violation.hint)
        for key in path_params(self.plugin.params):
            if "://" not in str(written.get(key, "://")):
                written[key] = os.path.abspath(str(written[key]))  # noqa: PTH100  a Path would read patterns and URLs anew
        try:
            source: Datasource = self.plugin.implementation(
                msgspec.convert(resolve_secrets(written, self.environment), self.plugin.params)
            )
        except msgspec.ValidationError as error:
            raise UsageError("YT870", f"DATA as a {self.type}: {error}", f"see `ymltrain plugins show {self.type}`") from None
        return source


def find_source(data: str, catalog: Catalog, environment: Mapping[str, str]) -> TableSource:
    """The datasource that DATA stands for. Raises UsageError, PluginError, DataError."""
    if data.lstrip().startswith("{"):
        written = _as_mapping(data)
        chosen = written.pop("type", None) or source_type(str(written.get("path", "")))
        if chosen is None:
            raise UsageError("YT870", "DATA names no type of datasource", "write it as `{type: csv, path: new.csv}`")
        return TableSource(catalog.load("datasource", str(chosen)), written, environment)
    chosen = source_type(data)
    if chosen is not None:
        return TableSource(catalog.load("datasource", chosen), {"path": data}, environment)
    return _found_by_trial(data, catalog, environment)


def _found_by_trial(path: str, catalog: Catalog, environment: Mapping[str, str]) -> TableSource:
    """The first datasource that reads the file; the error of a missing file is that of the last."""
    known = catalog.names("datasource")
    may_hold_others = "://" in path or os.path.isdir(path)  # noqa: PTH112  as the datasources look it up
    nothing_there: DataError | None = None
    for chosen in TYPES_TRIED:
        if chosen not in known:
            continue
        source = TableSource(catalog.load("datasource", chosen), {"path": path}, environment)
        try:
            source.open().schema()
        except DataError as error:
            if error.code == "YT700":
                nothing_there = error
                if not may_hold_others:
                    raise
            if chosen == "csv" and error.code in ("YT703", "YT704"):
                return source  # written in another way, which is looked for
            continue
        return source
    if nothing_there is not None:
        raise nothing_there
    hint = "say which one, with its params: ymltrain init '{type: csv, path: …}'"
    raise UsageError("YT880", f"no datasource reads {path}", hint)


def _as_mapping(data: str) -> dict[str, Any]:
    found = Diagnostics()
    node = parse_syntax(Source("DATA", data), found)
    value = plain(node) if node is not None else None
    if not isinstance(value, dict):
        problem = next((one.message for one in found), "it is no mapping")
        raise UsageError("YT870", f"DATA cannot be read as a datasource: {problem}", "write it as `{type: csv, path: new.csv}`")
    return value
