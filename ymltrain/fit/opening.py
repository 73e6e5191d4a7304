"""The rows that a person names on the command line, opened as the training data were.

DATA is a path, a folder, a pattern or a URL, read by its suffix or else as the training data; or a datasource as a recipe
writes it, `{type: csv, path: new.csv, delimiter: ";"}`. What it leaves out is as in training where the type is the same.

YT870 a datasource that cannot be read as one, or params that do not fit it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from ymltrain.bundle.contract import TableReading
from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import Diagnostics, Source, UsageError
from ymltrain.kinds.contracts import Datasource
from ymltrain.kinds.params import params_schema
from ymltrain.kinds.violations import find_violations
from ymltrain.plan.secrets import resolve_secrets
from ymltrain.recipe.document import plain
from ymltrain.recipe.short_forms import source_type
from ymltrain.recipe.syntax import parse_syntax


def open_data(data: str, reading: TableReading, catalog: Catalog, environment: Mapping[str, str]) -> Datasource:
    """The datasource that DATA stands for, beside a model that was trained on `reading`. Raises UsageError, PluginError."""
    written = _as_mapping(data) if data.lstrip().startswith("{") else None
    chosen = _type_of(data if written is None else written, reading)
    plugin = catalog.load("datasource", chosen)
    known = params_schema(plugin.params)["properties"]
    params = dict(reading.params) if chosen == reading.type else {}
    params |= {_place(known, chosen): data} if written is None else {key: value for key, value in written.items() if key != "type"}
    for violation in find_violations(params, params_schema(plugin.params)):
        key = ".".join(map(str, violation.path))
        raise UsageError("YT870", f"DATA as a {chosen}: {f'{key}: ' if key else ''}{violation.message}", violation.hint)
    for key, subschema in known.items():
        if subschema.get("format") == "data-path" and key in params and "://" not in str(params[key]):
            params[key] = os.path.abspath(str(params[key]))  # noqa: PTH100  a Path would read patterns and URLs anew
    try:
        source: Datasource = plugin.implementation(msgspec.convert(resolve_secrets(params, environment), plugin.params))
    except msgspec.ValidationError as error:
        raise UsageError("YT870", f"DATA as a {chosen}: {error}", f"see `ymltrain plugins show {chosen}`") from None
    return source


def _as_mapping(data: str) -> dict[str, Any]:
    found = Diagnostics()
    node = parse_syntax(Source("DATA", data), found)
    value = plain(node) if node is not None else None
    if not isinstance(value, dict):
        problem = next((one.message for one in found), "it is no mapping")
        raise UsageError("YT870", f"DATA cannot be read as a datasource: {problem}", "write it as `{type: csv, path: new.csv}`")
    return value


def _type_of(data: str | Mapping[str, Any], reading: TableReading) -> str:
    if isinstance(data, str):
        return source_type(data) or reading.type
    path = data.get("path")
    return str(data.get("type") or (source_type(path) if isinstance(path, str) else None) or reading.type)


def _place(known: Mapping[str, Any], chosen: str) -> str:
    """The param that says where the data are."""
    found = next((name for name in ("path", "url") if name in known), None)
    if found is None:
        hint = f"write it as a datasource: '{{type: {chosen}, …}}', see `ymltrain plugins show {chosen}`"
        raise UsageError("YT870", f"a {chosen} is not named by a path alone", hint)
    return found
